"""A prompt in pieces: all of them are the prompt, and any can be left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.core.language import read
from lookalike.core.pieces import By, joined, pieces, without
from lookalike.core.records import Part, Prompt

WORDS = ("cat", "1,000", "blue", "well-lit", ",", "a,", "::")


def test_words_and_phrases_are_found_in_order() -> None:
    prompt = read("a red cat,  on 1,000 mats::2 rain::-0.5")
    by_word = [piece.text for piece in pieces(prompt, "words")]
    assert by_word == ["a", "red", "cat", "on", "1,000", "mats", "rain"]
    assert [piece.text for piece in pieces(prompt, "phrases")] == [
        "a red cat",
        "on 1,000 mats",
        "rain",
    ]


@pytest.mark.parametrize(
    ("by", "gone", "left"),
    [
        ("words", {1}, [("a cat, on mats", 2), ("rain", -0.5)]),
        ("words", {2, 3}, [("a red, mats", 2), ("rain", -0.5)]),
        ("words", {0, 1, 2}, [("on mats", 2), ("rain", -0.5)]),
        ("words", {5}, [("a red cat, on mats", 2)]),
        ("phrases", {0}, [("on mats", 2), ("rain", -0.5)]),
        ("phrases", {0, 1, 2}, []),
    ],
)
def test_what_is_left_out_takes_its_commas_and_leaves_weights(
    by: By, gone: set[int], left: list[tuple[str, float]]
) -> None:
    prompt = read("a red cat, on mats::2 rain::-0.5")
    parts = without(prompt, pieces(prompt, by), gone)
    assert parts == tuple(Part(text=text, weight=weight) for text, weight in left)


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1).map(" ".join), max_size=3))
def test_all_pieces_together_say_the_same_again(texts: list[str]) -> None:
    prompt = Prompt(parts=tuple(Part(text=text) for text in texts))
    for by in ("words", "phrases"):
        whole = prompt.model_copy(update={"parts": joined(prompt, pieces(prompt, by))})
        assert [piece.text for piece in pieces(whole, by)] == [
            piece.text for piece in pieces(prompt, by)
        ]
        assert joined(whole, pieces(whole, by)) == whole.parts
