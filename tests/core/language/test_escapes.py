"""What is escaped comes back as it was, and only what needs it is escaped."""

from __future__ import annotations

import pytest
from hypothesis import given

from lookalike.core.language.escapes import escape, quote, unescape, unquote
from tests.core.language.prompts import texts


@given(texts)
def test_escaping_is_undone(text: str) -> None:
    assert unescape(escape(text)) == text
    assert unquote(quote(text)) == text


@given(texts)
def test_an_escaped_text_is_one_line_without_edges_to_strip(text: str) -> None:
    assert len(escape(text).splitlines()) <= 1
    assert escape(text).strip() == escape(text)
    assert len(quote(text).splitlines()) == 1


@pytest.mark.parametrize(
    "text", ["a cat, 3:2 (well-lit)", '"Hi" — he said', "it's 12:30", "日本 🙂", "a  b", "a--b"]
)
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("{}\\", r"\{\}\\"),
        ("--a b --c", r"\--a b \--c"),
        ("a::b", r"a\:\:b"),
        ("a:", r"a\:"),
        ("—ar", r"\—ar"),
        (" a\n", r"\u0020a\u000a"),
        ("a\tb\u2028c", r"a\u0009b\u2028c"),
        (" ", r"\u0020"),
    ],
)
def test_what_the_language_would_understand_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@pytest.mark.parametrize("text", [r"C:\new\data", r"\u12", r"\uD800", r"\udfff", "\\", r"\x41"])
def test_a_backslash_before_anything_else_is_itself(text: str) -> None:
    assert unescape(text) == text
