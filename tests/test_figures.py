"""The README's figures are those that the commands printed, of the weights that are shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.measuring.which import remark, shipped
from benchmarks.readme import FIGURES, README, TABLES, filled
from lookalike.models.hashing import weights_sha256
from lookalike.models.spec import packaged

NAMES = list(TABLES)
REPORTS = [json.loads((FIGURES / f"{name}.json").read_text("utf-8")) for name in NAMES]


def test_the_tables_of_the_readme_are_the_stored_figures() -> None:
    text = README.read_text("utf-8")
    assert filled(text) == text


@pytest.mark.parametrize("found", REPORTS, ids=NAMES)
def test_the_stored_figures_belong_to_the_shipped_weights(found: dict[str, str]) -> None:
    assert found["model_sha256"] == weights_sha256(packaged() / "mini")


def test_a_readme_without_the_tables_places_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="report"):
        filled("# Nothing here\n")


def test_figures_of_an_earlier_mini_say_so() -> None:
    assert remark(weights_sha256(packaged() / "mini")) == ""
    said = remark("ab" * 32)
    assert "mini `abababababab`" in said
    assert shipped()[:12] in said
