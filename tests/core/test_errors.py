"""Errors that point at what was wrong and name what would be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.core.errors import did_you_mean, point_at


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("--srf", "; did you mean --sref?"),
        ("MINI", "; did you mean mini?"),
        ("clsoed-form", "; did you mean closed-form?"),
        ("elephant", ""),
        ("", ""),
    ],
)
def test_the_nearest_known_word_is_offered(word: str, wanted: str) -> None:
    assert did_you_mean(word, ["--sref", "--cref", "mini", "closed-form"]) == wanted


def test_carets_stand_under_the_word() -> None:
    text = "a cat --srf ink.png"
    assert point_at(text, 6, 5) == "  a cat --srf ink.png\n        ^^^^^"


def test_only_the_line_with_the_word_is_shown() -> None:
    assert point_at("one\ntwo three\nfour", 8, 5) == "  two three\n      ^^^^^"


def test_a_wide_character_moves_the_caret_by_its_width() -> None:
    assert point_at("日 b", 2) == "  日 b\n  \u3000 ^"


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1), st.data())
def test_the_first_caret_is_in_the_column_of_its_character(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    line, carets = point_at(text, at, data.draw(st.integers(1, 99))).split("\n")
    assert line[carets.index("^")] == text[at]
    assert len(carets) <= len(line)
