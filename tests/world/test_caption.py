"""Captions: what a look shows is said, in many ways, and never anything else."""

from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.world.caption import (
    OPENINGS,
    SYNONYMS,
    bank,
    caption,
    free_caption,
    phrase_groups,
    phrases,
    read,
    training_caption,
)
from lookalike.world.look import Look, draw, look
from lookalike.world.style import styles

SEEDS = st.integers(min_value=0, max_value=2**40)


def stated(one: Look) -> dict[str, str]:
    return {name: value for name, value in one.values.items() if value != "none"}


def sayings(text: str) -> set[str]:
    """A phrase in all its wordings: each synonym taken or not."""
    ways = [(text,)]
    for word, others in SYNONYMS.items():
        if word in text:
            ways.append((word, *others))
    found = set()
    for chosen in product(*ways[1:]):
        said = text
        for original, word in zip((way[0] for way in ways[1:]), chosen, strict=True):
            said = said.replace(original, word)
        found.add(said)
    return found


def pieces(text: str, one: Look) -> list[str]:
    """What follows a free caption's opening, cut at its commas."""
    nouns = sayings(styles()[one.style].noun)
    starts = [f"{opening} {noun}" for opening in OPENINGS for noun in nouns]
    start = max((s for s in starts if text.startswith(s)), key=len)
    rest = text[len(start) :].removeprefix(" with").lstrip(", ")
    return rest.split(", ") if rest else []


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_a_caption_read_back_gives_every_attribute_it_states(seed: int) -> None:
    one = draw(seed)
    assert read(caption(one)) == stated(one)


def test_a_caption_reads_as_people_would_say_it() -> None:
    one = look(
        "personas",
        skin="brown",
        hair="mohawk",
        hair_colour="hot pink",
        facial_hair="none",
        glasses="none",
        mouth="frown",
        eyes="happy",
        clothes="t-shirt",
        clothes_colour="yellow",
        background="white",
    )
    assert caption(one) == (
        "a person with brown skin, hot pink mohawk hair, frown mouth, happy eyes, "
        "yellow t-shirt, white background, personas style"
    )


def test_what_a_caption_does_not_state_is_not_read() -> None:
    assert read("a person with round glasses, something odd") == {"glasses": "round glasses"}
    assert read("") == {}


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(min_value=0))
def test_a_free_caption_states_nothing_but_what_the_look_shows(seed: int, chance: int) -> None:
    one = draw(seed)
    text = free_caption(one, random.Random(chance))
    right = {said for phrase in phrases(one) for said in sayings(phrase)}
    for piece in pieces(text, one):
        manner = piece.endswith((f"{one.style} style", f"style of {one.style}"))
        assert manner or piece in right, (text, piece)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(min_value=0))
def test_attributes_read_from_a_free_caption_are_never_wrong(seed: int, chance: int) -> None:
    one = draw(seed)
    assert read(free_caption(one, random.Random(chance))).items() <= one.values.items()


def test_no_synonym_of_a_phrase_states_another_attribute() -> None:
    for phrase, meaning in bank().items():
        for said in sayings(phrase):
            assert bank().get(said, meaning) == meaning, (phrase, said)


def test_free_captions_vary_in_wording_order_and_completeness() -> None:
    one = next(one for one in map(draw, range(100)) if one.style == "avataaars")
    chance = random.Random(0)
    texts = [free_caption(one, chance) for _ in range(200)]
    assert len(set(texts)) > 190
    lengths = {len(pieces(text, one)) for text in texts}
    assert min(lengths) <= 3
    assert max(lengths) == len(phrases(one)) + 1
    skin = {pieces(t, one).index("pale skin") for t in texts if "pale skin" in pieces(t, one)}
    own = {p for t in texts for p in pieces(t, one) if "skin" in p}
    assert len(skin) > 3 or len(own) > 1
    assert any(one.style not in text for text in texts)


def test_the_same_chance_gives_the_same_free_caption() -> None:
    one = draw(3)
    assert free_caption(one, random.Random(5)) == free_caption(one, random.Random(5))


def test_half_of_the_training_captions_are_full() -> None:
    one, chance = draw(3), random.Random(1)
    full = sum(training_caption(one, chance) == caption(one) for _ in range(2000))
    assert full / 2000 == pytest.approx(0.5, abs=0.04)


def test_the_groups_of_phrases_hold_the_whole_bank_one_attribute_each() -> None:
    groups = phrase_groups()
    assert sorted(text for group in groups for text in group) == sorted(bank())
    attributes = [{next(iter(bank()[text])) for text in group} for group in groups]
    assert all(len(names) == 1 for names in attributes)
    assert attributes[-1] == {"style"}


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_every_caption_is_made_of_phrases_of_the_bank(seed: int) -> None:
    one = draw(seed)
    assert {*phrases(one), f"{one.style} style"} <= set(bank())
