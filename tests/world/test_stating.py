"""What a caption states of its look: all of it, or what was not left out, however it is worded."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from lookalike.evaluate.metrics import stated as everything
from lookalike.world.caption import caption, free_caption, reworded
from lookalike.world.look import Look, foreign_looks, look, looks
from lookalike.world.stating import stated, wordings

LOOKS = list(islice(looks("test"), 100))


def test_a_full_caption_states_all_that_can_be_seen() -> None:
    for one in LOOKS:
        assert set(stated(caption(one), one).items()) == everything(one.values)


def test_a_full_caption_of_a_foreign_style_states_all_but_the_style() -> None:
    for one in islice(foreign_looks("dylan", "test"), 20):
        told = everything(one.values) - {("style", "dylan")}
        assert set(stated(caption(one), one).items()) == told


def test_every_phrase_of_a_free_caption_is_found_again_and_nothing_else() -> None:
    for one in LOOKS:
        for seed in range(3):
            text = free_caption(one, random.Random(seed))
            found = stated(text, one)
            assert found.items() <= everything(one.values)
            # A colour shares its phrase with what has it.
            claims = len(found) - sum(f"{name}_colour" in found for name in ("hair", "clothes"))
            # Before the first comma may stand the opening alone.
            assert claims in (text.count(","), text.count(",") + 1), text


@pytest.fixture
def person() -> Look:
    return look("avataaars", hair="bob", hair_colour="hot pink", mouth="smile", eyes="open")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a person", set()),
        ("a person in the style of avataaars", {"style"}),
        ("cute woman smiling mouth, pink bob hair", {"mouth", "hair", "hair_colour"}),
        ("a portrait of a man, avataaars style, open eyes", {"style", "eyes"}),
        ("a person with red bob hair, closed eyes", set()),
    ],
)
def test_what_is_left_out_or_said_of_others_is_not_stated(
    person: Look, text: str, told: set[str]
) -> None:
    assert stated(text, person) == {name: person.values[name] for name in told}


def test_all_wordings_hold_whatever_chance_may_word() -> None:
    for text in ("dark green background", "pale skin", "ginger moustache", "hot pink t-shirt"):
        drawn = {reworded(text, random.Random(seed)) for seed in range(200)}
        assert drawn == wordings(text)
