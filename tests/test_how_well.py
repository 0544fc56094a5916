"""The page on the reverse model says what its commands printed."""

from __future__ import annotations

from benchmarks.reverse import PAGE, page, stored


def test_the_page_holds_the_stored_figures() -> None:
    assert PAGE.read_text("utf-8") == page()


def test_the_ensemble_is_better_than_its_best_member_on_the_test_part() -> None:
    [table] = [each for each in stored("reverse")["tables"] if each["of"] == "test"]
    assert table["pictures"] >= 1000
    [gain] = [each for name, each in table["gains"].items() if name.startswith("ensemble - ")]
    assert gain["low"] > 0
