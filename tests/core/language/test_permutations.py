"""Choices in braces: which texts they make, in which order, and when they are too much."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from lookalike.core.errors import PromptError
from lookalike.core.language import expand, read


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("a cat, in rain", ["a cat, in rain"]),
        ("", [""]),
        ("a {red, blue} bird", ["a red bird", "a blue bird"]),
        ("{a,b}{c,d}", ["ac", "ad", "bc", "bd"]),
        ("{a, b {c, d}, e}", ["a", "b c", "b d", "e"]),
        ("{{a}}", ["a"]),
        ("a {red,} bird", ["a red bird", "a  bird"]),
        ("a {red\\, or pink, blue}", ["a red\\, or pink", "a blue"]),
        ("a \\{b, c\\}", ["a \\{b, c\\}"]),
        ("a \\\\{b,c}", ["a \\\\b", "a \\\\c"]),
        ("a --ar {1:1, 3:2}", ["a --ar 1:1", "a --ar 3:2"]),
        ("a cat {, --tile}", ["a cat ", "a cat --tile"]),
    ],
)
def test_choices_make_these_texts(text: str, texts: list[str]) -> None:
    assert expand(text) == texts


def test_an_escaped_comma_is_a_comma_once_the_text_is_read() -> None:
    assert [read(text).text for text in expand(r"a {x\, y, z\}}")] == ["a x, y", "a z}"]


@pytest.mark.parametrize(
    ("text", "caret", "message"),
    [
        ("a {b", 2, "this brace is never closed"),
        ("a {b {c}", 2, "this brace is never closed"),
        ("a b}", 3, r"nothing opened this brace; write \} for a plain one"),
        ("a {} b", 2, "these braces offer nothing"),
        ("a { } b", 2, "these braces offer nothing"),
        ("{" * 21, 20, "braces stand in braces 20 deep at most"),
        ("{" + "a," * 40 + "b}", 0, "this stands for more than 40 prompts; offer fewer choices"),
        ("{a,b}{a,b}{a,b}{a,b}{a,b} {a,b}", 26, "this stands for more than 40 prompts"),
        ("{a, {" + "b," * 40 + "c}}", 4, "this stands for more than 40 prompts"),
    ],
)
def test_wrong_braces_are_pointed_at(text: str, caret: int, message: str) -> None:
    with pytest.raises(PromptError) as caught:
        expand(text)
    sentence, line, carets = str(caught.value).split("\n")
    assert message in sentence
    if len(text) <= 76:
        assert line == "  " + text
        assert carets.index("^") == caret + 2


@pytest.mark.parametrize("text", ["{" + "a," * 39 + "b}", "{a,b}{a,b}{a,b}{a,b,c,d,e}"])
def test_forty_prompts_are_not_too_many(text: str) -> None:
    assert len(expand(text)) == 40


def test_braces_twenty_deep_are_not_too_deep() -> None:
    assert expand("{" * 20 + "a,b" + "}" * 20) == ["a", "b"]


choice = st.text("ab ", min_size=1, max_size=3).map(str.strip).filter(bool)


@effort(max_examples=60, deadline=None)
@given(st.lists(st.lists(choice, min_size=1, max_size=3), min_size=1, max_size=3))
def test_groups_make_every_combination_in_order(groups: list[list[str]]) -> None:
    text = "-".join("{" + ", ".join(group) + "}" for group in groups)
    assert expand(text) == ["-".join(each) for each in itertools.product(*groups)]
