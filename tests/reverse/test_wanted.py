"""How long a prompt is, in words and in the tokens of a model."""

from __future__ import annotations

import pytest

from lookalike.reverse.wanted import tokens_of, words
from tests.engine.tiny import tiny_backbone


@pytest.mark.parametrize(
    ("prompt", "count"), [("fox", 1), (" a  red\nfox ", 3), ("a red, red fox", 4)]
)
def test_words_stand_between_blanks(prompt: str, count: int) -> None:
    assert words(prompt) == count


def test_tokens_are_those_that_the_model_reads() -> None:
    backbone = tiny_backbone()
    count = tokens_of(backbone)
    assert count("") == 0
    one = count("fox")
    assert one >= 1
    assert count("fox fox fox") == 3 * one
    room = backbone.length - 2
    assert count("fox " * (room // one)) == room // one * one
    assert count("fox " * 999) == room + 1
