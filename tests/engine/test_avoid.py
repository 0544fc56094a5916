"""What is avoided: left out of the words, and taken out of pictures that are read as prompts."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lookalike.convert import converters
from lookalike.engine.avoid import erased, kinds_of, left_out, things
from lookalike.models.backbone import Backbone
from lookalike.models.latent import LatentDiffusion
from lookalike.models.store import Models
from lookalike.world.look import look
from lookalike.world.render import render
from tests.engine.tiny import noise_picture


@pytest.mark.parametrize(
    ("text", "avoid", "left"),
    [
        ("a person with round glasses, blue hair", "glasses", "a person with blue hair"),
        ("a person with sunglasses and a hat", "glasses", "a person with a hat"),
        ("a cat, a dog and a bird", "dog, bird", "a cat"),
        (
            "a very old man who wears big round glasses",
            "glasses",
            "a very old man who wears big round",
        ),
        ("a Red car, RED sky", "red", "a Red car, RED sky"),
        ("glassware on a table", "glass", "glassware on a table"),
        ("a cat", "", "a cat"),
        ("a cat", "cat", "a cat"),
    ],
)
def test_phrases_that_name_what_is_avoided_are_left_out(text: str, avoid: str, left: str) -> None:
    assert left_out(text, avoid) == left


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_words_can_be_avoided_in_any_text(text: str, avoid: str) -> None:
    left = left_out(text, avoid)
    assert not text.strip() or left.strip()
    assert len(left) <= len(text)


def test_commas_part_what_is_avoided() -> None:
    assert things(" red hats ,, rain,") == ["red hats", "rain"]
    assert things("  ") == []


def test_nothing_is_erased_where_nothing_is_avoided(backbone: LatentDiffusion) -> None:
    picture = noise_picture()
    converted = converters.make("closed-form", {}).convert(backbone, [picture])
    assert erased(backbone, converted, picture, " ") is converted


def mini() -> Backbone:
    with Models("cpu").use("mini") as backbone:
        return backbone


def test_minis_own_words_say_which_kinds_of_a_thing_there_are() -> None:
    assert {"glasses", "round glasses", "sunglasses"} <= set(kinds_of(mini(), "glasses"))


def test_a_picture_whose_glasses_are_erased_says_less_of_them() -> None:
    backbone = mini()
    shown = look("micah", skin="brown", hair="short", hair_colour="blue", glasses="round glasses")
    picture = render(shown, 64)
    converted = converters.make("closed-form", {}).convert(backbone, [picture])
    without = erased(backbone, converted, picture, "glasses")
    with torch.no_grad():
        texts = ["a person with round glasses", "a person"]
        told = backbone.embed(texts)
        ends = backbone.ends(texts)
        glasses, bare = told.tokens[torch.arange(2), ends]
    way = glasses - bare
    assert float((without.tokens[0, 5] - converted.tokens[0, 5]) @ way) < 0
    assert torch.equal(without.tokens[:, 0], converted.tokens[:, 0])
