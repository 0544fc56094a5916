"""Recipes of reverse models that cannot be learnt by are refused before anything is begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.core.errors import OptionError
from lookalike.reverse.recipe import read_recipe

READER = """
[readers.one]
kind = "{kind}"
probing = {probing}
schedule = {{ steps = 1, batch = {batch}, rate = 1e-4 }}
"""


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (("clip", 0.1, 1), "should have a batch of 2 or more"),
        (("white", 1.5, 1), "should be less than or equal to 1"),
        (("glass", 0.1, 1), "should be"),
    ],
)
def test_a_reader_that_cannot_learn_is_refused_in_one_line(
    tmp_path: Path, told: tuple[str, float, int], said: str
) -> None:
    kind, probing, batch = told
    path = tmp_path / "own.toml"
    path.write_text(READER.format(kind=kind, probing=probing, batch=batch))
    with pytest.raises(OptionError, match=said) as fault:
        read_recipe(str(path))
    assert "readers.one" in str(fault.value)
    assert "\n" not in str(fault.value)


def test_readers_of_one_picture_at_a_time_and_heads_alone_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(READER.format(kind="white", probing=1, batch=1))
    assert read_recipe(str(path)).readers["one"].probing == 1
