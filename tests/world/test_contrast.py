"""Near misses: true captions are true, and what stands beside them is wrong in few words."""

from __future__ import annotations

import random
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.world.caption import bank, caption, read
from lookalike.world.contrast import Statement, attributes, facts, long_pair, short_pair
from lookalike.world.look import draw, look, looks

SEEN = list(islice(looks("validation"), 300))


@given(seed=st.integers(0, 10**9), words=st.integers(0, 10**9), long=st.booleans())
def test_a_statement_is_true_of_its_look_and_its_near_miss_is_not(
    seed: int, words: int, long: bool
) -> None:
    of = draw(seed)
    right, wrong = (long_pair if long else short_pair)(of, random.Random(words))
    assert right.true_of(of)
    assert not wrong.true_of(of)
    assert right.text != wrong.text


@given(seed=st.integers(0, 10**9), words=st.integers(0, 10**9))
def test_pairs_depend_on_their_chance_alone(seed: int, words: int) -> None:
    of = draw(seed)
    assert long_pair(of, random.Random(words)) == long_pair(of, random.Random(words))


def test_a_near_miss_differs_in_three_values_at_most() -> None:
    chance = random.Random(0)
    for of in SEEN:
        right, wrong = long_pair(of, chance)
        different = {k for k in right.stated if wrong.stated.get(k) != right.stated[k]}
        assert len(different) <= 3, (right, wrong)
        assert wrong.stated["noun"] == right.stated["noun"]


def test_three_of_ten_long_captions_are_the_full_one() -> None:
    chance = random.Random(1)
    full = sum(long_pair(of, chance)[0].text == caption(of) for of in SEEN * 5)
    assert 0.25 < full / (5 * len(SEEN)) < 0.42


def test_short_captions_state_one_to_three_attributes_often_in_the_banks_words() -> None:
    chance, in_bank = random.Random(2), 0
    for of in SEEN:
        right, _ = short_pair(of, chance)
        said = [p.strip() for p in right.text.partition(" with ")[2].split(",")]
        in_bank += bool(said) and all(p in bank() for p in said)
        things = set(right.stated) - {"noun", "style", "hair_colour", "clothes_colour"}
        assert 1 <= len(things) <= 3
        if all(p in bank() for p in said):
            assert read(right.text).items() <= right.stated.items()
    assert in_bank > len(SEEN) / 2


def test_colours_are_exchanged_between_things() -> None:
    """Half of the wrong values stand elsewhere in the picture: colours must be bound."""
    of = look(
        "avataaars", skin="brown", hair="bun", hair_colour="blue", facial_hair="none",
        glasses="none", mouth="smile", eyes="open", clothes="hoodie", clothes_colour="white",
        background="pink",
    )  # fmt: skip
    chance = random.Random(3)
    wrong = [long_pair(of, chance)[1].stated.get("clothes_colour") for _ in range(2000)]
    changed = [colour for colour in wrong if colour not in (None, "white")]
    assert changed.count("blue") > len(changed) / 10 * 2


def test_what_cannot_be_seen_is_not_true() -> None:
    of = look("avataaars", skin="brown", hair="bun")
    assert facts(of)["noun"] == "person"
    assert Statement("", {"skin": "brown"}).true_of(of)
    assert not Statement("", {"skin": "brown", "eyes": "open"}).true_of(of)
    assert not Statement("", {"noun": "robot"}).true_of(of)


@pytest.mark.parametrize("pair", [long_pair, short_pair])
def test_every_statement_has_a_code(pair: object) -> None:
    known = attributes()
    chance = random.Random(4)
    for of in SEEN:
        for said in (long_pair if pair is long_pair else short_pair)(of, chance):
            assert all(value in known[name] for name, value in said.stated.items())
