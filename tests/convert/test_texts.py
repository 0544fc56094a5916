"""Sentences to measure text towers with: varied, plain, and the same every time."""

from __future__ import annotations

from lookalike.models.texts import sentences, words


def test_the_same_seed_gives_the_same_sentences() -> None:
    assert sentences(20) == sentences(20)
    assert sentences(20, seed=1) != sentences(20)
    assert sentences(20)[:7] == sentences(7)


def test_sentences_hardly_repeat() -> None:
    assert len(set(sentences(300))) > 280


def test_a_sentence_opens_with_a_frame_and_a_subject() -> None:
    known = words()
    starts = {f"{frame} {subject}" for frame in known["frame"] for subject in known["subject"]}
    rest = {word for kind in known for word in known[kind]}
    for sentence in sentences(100):
        start, *phrases = sentence.split(", ")
        assert start in starts
        assert set(", ".join(phrases).split(", ")) - {""} <= {
            piece for word in rest for piece in word.split(", ")
        }


def test_no_word_stands_twice_in_its_kind() -> None:
    for kind, phrases in words().items():
        assert len(set(phrases)) == len(phrases), kind
