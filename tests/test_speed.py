"""The frame of the comparisons with peers: parts, turns, peaks, rows, and the file they stay in."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pytest

from benchmarks.measuring import Asked, Row, alternate, peak
from benchmarks.measuring.figures import keep, kept
from benchmarks.measuring.parts import names, part
from benchmarks.measuring.table import table
from lookalike.core.errors import OptionError


def row(part: str, what: str, ours: float = 1.0) -> Row:
    return Row(part=part, what=what, ours=ours, theirs=2.0, ratio=ours / 2, goal=1.0)


def hold(mebibytes: int) -> None:
    assert len(bytes(range(256)) * (mebibytes * 4096)) == mebibytes * 2**20


def test_every_file_of_the_folder_is_a_part() -> None:
    assert names()
    assert all(callable(part(name)) for name in names())


def test_an_unknown_part_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OptionError, match=f"there is no part engin.*{names()[0]}"):
        part("engin")


def test_new_rows_take_the_place_of_their_like_and_leave_the_others(tmp_path: Path) -> None:
    place = tmp_path / "speed.json"
    keep([row("engine", "a"), row("engine", "b"), row("words", "a")], place)
    keep([row("engine", "b", 3.0)], place)
    assert {(r.part, r.what): r.ours for r in kept(place)} == {
        ("engine", "a"): 1.0,
        ("engine", "b"): 3.0,
        ("words", "a"): 1.0,
    }


def test_a_whole_part_drops_what_it_no_longer_has(tmp_path: Path) -> None:
    place = tmp_path / "speed.json"
    keep([row("engine", "a"), row("engine", "b"), row("words", "a")], place)
    keep([row("engine", "b")], place, whole="engine")
    assert [(r.part, r.what) for r in kept(place)] == [("engine", "b"), ("words", "a")]


def test_work_that_takes_twice_as_long_has_a_ratio_of_two() -> None:
    found = alternate(partial(time.sleep, 0.04), partial(time.sleep, 0.02), repeats=4)
    assert found.ratio == pytest.approx(2, rel=0.15)
    assert found.ours.processor < found.ours.seconds / 2


def test_the_peak_of_work_grows_by_what_it_holds() -> None:
    little, much = peak(partial(hold, 1)), peak(partial(hold, 101))
    assert much.ram - little.ram == pytest.approx(100, abs=10)


def test_a_goal_is_reached_within_the_noise_and_not_beyond() -> None:
    assert row("engine", "a", 2.02).reached
    assert row("engine", "a", 2.1).reached is False
    more = row("words", "a").model_copy(update={"better": "more", "ratio": 0.97})
    assert more.reached is False


def test_only_the_pieces_that_were_named_are_wanted() -> None:
    assert Asked().wants("mini")
    assert not Asked(only=("sdxl",)).wants("mini")


def test_the_table_has_a_line_for_each_row() -> None:
    assert table([row("engine", "a"), row("words", "b")]).row_count == 2
