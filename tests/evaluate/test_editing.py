"""Editing instructions: enough of them, each possible, each judged, each used where it fits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest

from lookalike.evaluate.editing import edit_of, edits_of, instructions
from lookalike.evaluate.worlds import domain_looks, judge, world_domains
from lookalike.world.caption import read
from lookalike.world.look import look
from lookalike.world.style import foreign

SHOWN = look(
    "avataaars",
    skin="brown",
    hair="bun",
    hair_colour="black",
    facial_hair="none",
    glasses="none",
    mouth="smile",
    eyes="open",
    clothes="hoodie",
    clothes_colour="teal",
    background="white",
)


def named(words: str) -> object:
    return next(one for one in instructions() if one.words == words)


def test_there_are_instructions_enough_and_no_two_are_alike() -> None:
    words = [one.words for one in instructions()]
    assert len(words) >= 25
    assert len(set(words)) == len(words)


def test_the_judge_knows_all_that_is_wanted_and_kept() -> None:
    heads = judge("own").heads
    for one in instructions():
        assert one.kept
        assert all(value in heads[name] for name, value in one.wanted.items()), one.words
        assert set(one.kept) <= set(heads), one.words
        assert not set(one.kept) & set(one.wanted), one.words


@pytest.mark.parametrize("domain", world_domains())
def test_an_edit_changes_what_it_says_and_its_caption_says_all_of_the_rest(domain: str) -> None:
    for of in islice(domain_looks(domain, "validation"), 6):
        for asked in instructions():
            edit = edit_of(of, asked)
            if edit is None:
                continue
            assert any(of.get(name) != value for name, value in edit.wanted.items())
            stated = read(edit.caption)
            # Mini has no word for a foreign style, so that no caption names it.
            said = {k: v for k, v in edit.kept.items() if k != "style" or v not in foreign()}
            for name, value in {**edit.wanted, **said}.items():
                # Nor for all that a foreign style draws; what can be read of it must be right.
                unsaid = value if of.style in foreign() else "none"
                assert stated.get(name, unsaid) == value, (of, edit)
            assert edit.kept.items() <= of.values.items()


def test_every_instruction_fits_some_picture() -> None:
    looks = list(islice(domain_looks("own", "validation"), 60))
    for asked in instructions():
        assert any(edit_of(of, asked) for of in looks), asked.words


def test_no_instruction_is_used_again_while_another_waits() -> None:
    looks = [replace(SHOWN, seed=seed) for seed in range(6)]
    used = Counter(edit.words for edits in edits_of(looks, 2) for edit in edits)
    assert set(used.values()) == {1}


def test_a_reference_gets_edits_of_different_attributes_the_same_each_time() -> None:
    looks = list(islice(domain_looks("own", "validation"), 4))
    found = list(edits_of(looks, 3))
    assert found == list(edits_of(looks, 3))
    for edits in found:
        first = [next(iter(edit.wanted)) for edit in edits]
        assert len(set(first)) == len(first)


def test_an_edit_is_a_sentence_about_the_picture() -> None:
    edit = edit_of(SHOWN, named("red {clothes}"))
    assert edit is not None
    assert edit.words == "a person with red hoodie"
    assert edit.wanted == {"clothes_colour": "red"}
    assert edit.kept["clothes"] == "hoodie"
    assert "red hoodie" in edit.caption


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("black hair", "it is black"),
        ("white background", "it is white"),
        ("{hair_colour} mohawk hair", "the style has none"),
        ("teal body", "a person has none"),
    ],
)
def test_what_changes_nothing_or_cannot_be_drawn_is_not_asked_for(words: str, why: str) -> None:
    assert edit_of(SHOWN, named(words)) is None, why


def test_hair_that_is_a_hat_gets_no_hair_colour() -> None:
    hatted = look("avataaars", **{**dict(SHOWN.attributes), "hair": "turban"})
    assert edit_of(hatted, named("blue hair")) is None
    assert edit_of(SHOWN, named("blue hair")) is not None
