"""The page "How good is it?" is what the stored figures give, and says what they say."""

from __future__ import annotations

import re

import pytest

from benchmarks.how_good import IMAGES, PAGE, page, stored
from lookalike.core.intervals import Interval
from lookalike.evaluate.converters import Asked
from lookalike.models.hashing import weights_sha256
from lookalike.models.spec import packaged


def test_the_page_is_written_from_the_stored_figures() -> None:
    assert PAGE.read_text("utf-8") == page(stored())


def test_the_figures_belong_to_the_test_split_and_to_the_weights_that_the_page_names() -> None:
    found = stored()
    shipped, own = weights_sha256(packaged() / "mini"), found.model_sha256
    assert f"`{own[:12]}`" in page(found)
    assert (f"`{shipped[:12]}`, was trained on since" in page(found)) == (own != shipped)
    assert found.split == "test"
    assert found.settings.model_copy(update={"guidance": None}) == Asked().settings


def test_every_picture_of_the_page_is_there_and_none_besides() -> None:
    shown = set(re.findall(rf"\({IMAGES}/([^)]+)\)", page(stored())))
    assert shown == {path.name for path in (PAGE.parent / IMAGES).iterdir()}


@pytest.mark.parametrize(("shift", "says"), [(0.5, "more agreement"), (-0.5, "less agreement")])
def test_the_page_says_which_differences_are_beyond_the_interval(shift: float, says: str) -> None:
    found = stored()
    table = found.tables[0]
    line = table.lines[1]
    against = {"agreement": Interval(mean=shift, low=shift - 0.1, high=shift + 0.1)}
    other = line.model_copy(update={"method": "another", "against": against})
    changed = table.model_copy(update={"lines": (*table.lines, other)})
    text = page(found.model_copy(update={"tables": (changed,)}))
    assert f"**another**, compared with the closed form: {says}" in text
