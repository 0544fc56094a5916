"""The characters' benchmark tells sameness from sameness of everybody."""

from __future__ import annotations

import pytest

from lookalike.evaluate.sameness import IDENTITY, Found, diversity, judged, share
from lookalike.world.contexts import CONTEXTS, caption_in, in_words
from lookalike.world.look import look

PLAIN = {**dict.fromkeys(IDENTITY, "none"), "hair": "bob", "style": "micah"}


def test_readings_that_agree_score_one_and_each_that_does_not_costs_its_share() -> None:
    contexts = CONTEXTS[:4]
    same = judged([PLAIN] * 4, contexts)
    assert (same.identity, same.modes["hair"]) == (1, "bob")
    one_off = judged([PLAIN, PLAIN, PLAIN, {**PLAIN, "hair": "bun"}], contexts)
    assert one_off.agreed["hair"] == 0.75
    assert one_off.identity == pytest.approx(0.95)
    assert one_off.modes == same.modes


def test_what_the_words_ask_for_counts_by_value() -> None:
    contexts = [{"mouth": "smile", "background": "navy"}, {"mouth": "frown"}]
    shown = [{**PLAIN, "mouth": "smile", "background": "white"}, {**PLAIN, "mouth": "frown"}]
    assert judged(shown, contexts).text == pytest.approx(2 / 3)


def test_characters_that_are_all_alike_have_no_diversity() -> None:
    alike = [Found(PLAIN, {}, 1.0)] * 4
    assert diversity(alike).mean == 0
    others = [Found({**PLAIN, "hair": h, "skin": h}, {}, 1.0) for h in "abcd"]
    assert diversity(others).mean == pytest.approx(2 / 5)


def test_a_share_of_the_truth_has_its_interval() -> None:
    found = share([0.8, 0.7, 0.9], [1.0, 1.0, 1.0])
    assert found.mean == pytest.approx(0.8)
    assert found.low < 0.8 < found.high
    assert share([0.5] * 3, [0.5] * 3).low == pytest.approx(1)


def test_a_caption_says_the_character_then_its_context() -> None:
    of = look("micah", 0, skin="pale", hair="bob", hair_colour="blue", facial_hair="none")
    context = {"clothes": "t-shirt", "clothes_colour": "red", "background": "white"}
    assert in_words(context) == "red t-shirt, white background"
    assert caption_in(of, context) == (
        "a person with pale skin, blue bob hair, red t-shirt, white background, micah style"
    )
