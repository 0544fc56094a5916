"""A walk through the page in a real browser: from an empty history to a character that is kept."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from benchmarks.walk import DESK, PHONE, Walk, browsing, drawn, studio
from lookalike.core.pictures import read_recipe


@pytest.mark.slow
@pytest.mark.parametrize(("size", "dark"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
def test_a_walk_from_an_empty_history_to_a_character_that_is_found_again(
    tmp_path: Path, size: tuple[int, int], dark: bool
) -> None:
    with studio(tmp_path) as address, browsing(size, dark=dark) as page:
        walk = Walk(page, address, tmp_path)
        walk.whole(drawn(tmp_path / "given.png"))
        wide = page.evaluate("document.documentElement.scrollWidth")
    assert walk.told == []  # neither the policy nor a script complained
    assert walk.unnamed == []
    assert wide <= size[0]
    assert len(list(tmp_path.glob("page-*.png"))) == 9
    with sqlite3.connect(tmp_path / "data" / "studio.db") as database:
        states = database.execute("SELECT verb, state FROM jobs ORDER BY created").fetchall()
    assert states == [(verb, "done") for verb in ("describe", "imagine", "vary", "vary")]
    kept = tmp_path / "library" / "pink-hair" / "picture.png"
    assert read_recipe(kept).made_by == "vary"
