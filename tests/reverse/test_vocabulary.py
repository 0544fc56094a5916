"""The vocabulary: what prompts say most, and which prompt says it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.reverse.manifest import DataError
from lookalike.reverse.vocabulary import Vocabulary, stop_words, tags, vocabulary_of, words_of

PROMPTS = [
    "a beautiful red castle, highly detailed",
    "the castle of a red fox who is running",
    "A RED hill; 4k!",
]
TEXTS = st.lists(st.text(max_size=30) | st.sampled_from(PROMPTS), max_size=6)


def test_the_vocabulary_holds_adjectives_nouns_and_verbs_by_how_often_they_stand() -> None:
    found = vocabulary_of(PROMPTS)
    assert found.words == (
        *("red", "castle"),
        *("4k", "beautiful", "detailed", "fox", "hill", "running"),
    )


def test_the_vocabulary_stops_at_the_number_asked_for() -> None:
    assert vocabulary_of(PROMPTS, most=3).words == ("red", "castle", "4k")


def test_a_prompt_counts_once_for_every_row_it_stands_in() -> None:
    assert vocabulary_of(["a fox", "a cat", "a fox", "a cat", "a cat"]).words == ("cat", "fox")


def test_no_stop_word_gets_into_the_vocabulary() -> None:
    assert vocabulary_of([" ".join(sorted(stop_words())), "hat"]).words == ("hat",)


@pytest.mark.parametrize("prompts", [[], [""], ["of the", "12 34", "~ * ~"]])
def test_prompts_without_a_telling_word_are_refused_in_one_line(prompts: list[str]) -> None:
    with pytest.raises(DataError, match="the vocabulary is empty: none of the") as told:
        vocabulary_of(prompts)
    assert "\n" not in str(told.value)


def test_a_word_has_the_same_tag_alone_and_among_others() -> None:
    words = [word for prompt in PROMPTS for word in words_of(prompt)]
    assert tags(words) == [tag for word in words for tag in tags([word])]
    assert dict(zip(words, tags(words), strict=True))["castle"] == "NN"


def test_marks_are_whole_words_in_any_case() -> None:
    vocabulary = Vocabulary(("cat", "red", "ultra-real"))
    found = vocabulary.marks(["The Cat's hat", "cats, RED; red", "ultra-real", "ultra real", ""])
    wanted = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(found, np.array(wanted, dtype=bool))


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_marks_agree_with_looking_each_word_up(texts: list[str]) -> None:
    vocabulary = vocabulary_of([*texts, "fox"])
    found = vocabulary.marks(texts)
    wanted = [[word in words_of(text) for word in vocabulary.words] for text in texts]
    np.testing.assert_array_equal(found, np.array(wanted, dtype=bool).reshape(found.shape))


@given(st.lists(st.text(max_size=30), max_size=6))
@settings(max_examples=60, deadline=None)
def test_every_word_of_a_vocabulary_marks_itself(texts: list[str]) -> None:
    vocabulary = vocabulary_of([*texts, "fox"])
    np.testing.assert_array_equal(vocabulary.marks(vocabulary.words), np.eye(len(vocabulary)) > 0)


def test_a_vocabulary_comes_back_from_its_file(tmp_path: Path) -> None:
    vocabulary = Vocabulary(("café", "red"))
    vocabulary.save(tmp_path / "words.json")
    assert Vocabulary.load(tmp_path / "words.json") == vocabulary


@pytest.mark.parametrize("text", ['{"a": 1}', '["a", 1]', '["a", "a"]', "[]"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "words.json").write_text(text)
    with pytest.raises(DataError, match="should hold a list of different words"):
        Vocabulary.load(tmp_path / "words.json")
