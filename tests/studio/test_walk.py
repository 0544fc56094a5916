"""A walk through the page in a real browser: from an empty history to a character that is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path

import pytest

from benchmarks.walk import DESK, PHONE, browsing, drawn, studio
from lookalike.core.pictures import read_recipe
from tests.studio.looking import WATCH_SHIFTS, Checked, faults, shifts, walk_by_tab

MOST_SHIFT = 0.1
"""The sum of layout shifts below which a page is called stable, also while jobs are made."""


@pytest.mark.slow
@pytest.mark.parametrize(("size", "dark"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
def test_a_walk_from_an_empty_history_to_a_character_that_is_found_again(
    tmp_path: Path, size: tuple[int, int], dark: bool
) -> None:
    with studio(tmp_path) as address, browsing(size, dark=dark) as page:
        page.add_init_script(WATCH_SHIFTS)
        walk = Checked(page, address, tmp_path)
        walk.whole(drawn(tmp_path / "given.png"))
        moved, what = shifts(page)
    assert walk.told == []  # neither the policy nor a script complained
    assert walk.unnamed == []
    assert walk.faults == []
    assert moved < MOST_SHIFT, what
    assert len(list(tmp_path.glob("page-*.png"))) == 9
    with sqlite3.connect(tmp_path / "data" / "studio.db") as database:
        states = database.execute("SELECT verb, state FROM jobs ORDER BY created").fetchall()
    assert states == [(verb, "done") for verb in ("describe", "imagine", "vary", "vary")]
    kept = tmp_path / "library" / "pink-hair" / "picture.png"
    assert read_recipe(kept).made_by == "vary"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with studio(tmp_path_factory.mktemp("pages")) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize(("size", "dark"), [*product((DESK, PHONE), (False, True))])
def test_every_page_can_be_read_and_reached_in_both_looks_and_sizes(
    address: str, size: tuple[int, int], dark: bool
) -> None:
    found = list[str]()
    with browsing(size, dark=dark) as page:
        page.add_init_script(WATCH_SHIFTS)
        page.goto(address)
        page.locator("nav a[aria-current]").wait_for()
        tabs = page.locator("#tabs a")
        for name in [tabs.nth(place).get_attribute("data-page") for place in range(tabs.count())]:
            page.goto(f"{address}/#{name}")
            page.locator(f'nav a[data-page="{name}"][aria-current]').wait_for()
            page.locator("main h1").wait_for()
            page.wait_for_load_state("networkidle")
            found += faults(page, str(name))
            places, hidden = walk_by_tab(page)
            assert hidden == [], name
            # From wherever it begins, Tab goes on as the page is read.
            assert sum(after < before for before, after in pairwise(places)) <= 1, (name, places)
        moved, what = shifts(page)
    assert found == []
    assert moved < MOST_SHIFT, what


@pytest.mark.slow
def test_the_keyboard_reaches_the_page_itself_at_once(address: str) -> None:
    with browsing(DESK) as page:
        page.goto(address)
        page.locator("nav a[aria-current]").wait_for()
        page.evaluate("document.activeElement.blur()")
        page.locator(".skip").focus()
        assert page.locator(".skip").bounding_box()["x"] >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
