"""Messages show the place on one line that prints, however long or odd the prompt is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lookalike.core.language.faults import complaint, fault, plain, shown


def test_a_short_text_is_shown_whole() -> None:
    assert str(fault("no such dog", "a cat and a dgo", 12, 3)) == (
        "no such dog\n  a cat and a dgo\n              ^^^"
    )


def test_what_does_not_print_is_shown_as_one_plain_character() -> None:
    assert plain("a\nb\x1b[1m\u202e\u3000c") == "a b·[1m· c"


def test_a_long_word_is_cut_in_a_sentence() -> None:
    assert shown("a" * 41) == "a" * 39 + "…"
    assert shown("a" * 40) == "a" * 40


@given(st.text(max_size=300).filter(str.strip), st.data())
def test_the_caret_stands_under_its_character(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    sentence, line, carets = complaint("wrong", text, at).split("\n")
    assert sentence == "wrong"
    assert line.isprintable()
    assert len(line) <= 78
    column = carets.index("^")
    assert carets.count("^") == 1
    assert (line[column:] or "end")[0] in (plain(text[at : at + 1]) or "e", "…")
