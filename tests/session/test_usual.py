"""The describer that is taken where none is named: the model decides, unless options are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.core.errors import OptionError
from lookalike.session import Session
from lookalike.world.look import looks
from lookalike.world.render import render
from tests.session.test_learning import tiny_session

PICTURE = render(next(looks("test")))


def test_mini_reads_by_the_describer_that_was_trained_for_it() -> None:
    session = Session("mini", device="cpu")
    [[best]] = session.describe(PICTURE, count=1)
    assert best.by == "reverse"
    [[named]] = session.describe(PICTURE, count=1, by="phrases")
    [[alike]] = session.describe(PICTURE, count=1, options={"phrases": 4})
    assert (named.by, alike.by) == ("phrases", "phrases")


def test_a_model_without_a_trained_describer_reads_by_phrases(tmp_path: Path) -> None:
    session = tiny_session(tmp_path)
    [[best]] = session.describe(PICTURE, count=1)
    assert best.by == "phrases"
    with pytest.raises(OptionError, match="reverse reads pictures by what"):
        session.describe(PICTURE, by="reverse")
