"""What the guide to the studio says of verbs and requests is so; its blocks run in tests/docs."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.studio.page import filled
from lookalike.studio.requests import Request
from lookalike.studio.verbs import VERBS

TEXT = (Path(__file__).parents[2] / "docs" / "guides" / "studio.md").read_text(encoding="utf-8")


def test_the_guide_names_every_verb() -> None:
    assert all(f"`{name}`" in TEXT for name in VERBS)


def test_the_guide_has_the_figures_that_were_taken() -> None:
    assert filled(TEXT) == TEXT


def test_what_the_guide_sends_is_a_request() -> None:
    sent, _ = re.findall(r"-d '(.*)'", TEXT)
    assert isinstance(VERBS["imagine"].request.model_validate_json(sent), Request)
