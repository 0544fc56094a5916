"""From words and numbers to tensors: seeds, sizes, noise, and what a run reads."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError
from lookalike.core.records import Part, Prompt, Settings
from lookalike.engine.plan import draw_seeds, embedding_plan, noise, size_of, text_plan
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import noise_picture

GRAIN = 4
"""Pixels in one cell of the tiny U-Net's coarsest level: the VAE halves once, the U-Net once."""


def test_seeds_are_consecutive_from_the_one_that_is_asked_for() -> None:
    assert draw_seeds(7, 4) == (7, 8, 9, 10)
    assert draw_seeds(2**32 - 2, 4) == (2**32 - 2, 2**32 - 1, 0, 1)


def test_seeds_that_nobody_asked_for_differ_from_run_to_run() -> None:
    runs = [draw_seeds(None, 3) for _ in range(8)]
    assert len(set(runs)) == 8
    for first, *rest in runs:
        assert rest == [(first + 1) % 2**32, (first + 2) % 2**32]
        assert 0 <= first < 2**32


def test_the_size_is_the_models_own_where_none_is_asked_for(backbone: LatentDiffusion) -> None:
    assert size_of(backbone, Settings()) == (32, 32)


@pytest.mark.parametrize(
    ("aspect", "pixels", "size"),
    [("2:1", 64, (92, 44)), ("1:2", 64, (44, 92)), ("3:2", 256, (312, 208)), ("1:1", 30, (32, 32))],
)
def test_the_aspect_shapes_a_square_of_the_asked_area(
    backbone: LatentDiffusion, aspect: str, pixels: int, size: tuple[int, int]
) -> None:
    assert size_of(backbone, Settings(aspect=aspect, pixels=pixels)) == size


@given(across=st.integers(1, 40), down=st.integers(1, 40), pixels=st.integers(64, 2048))
@settings(max_examples=60, deadline=None)
def test_a_size_keeps_aspect_and_area_up_to_one_cell(
    backbone: LatentDiffusion, across: int, down: int, pixels: int
) -> None:
    width, height = size_of(backbone, Settings(aspect=f"{across}:{down}", pixels=pixels))
    assert width % GRAIN == height % GRAIN == 0
    assert abs(width - pixels * math.sqrt(across / down)) <= GRAIN / 2
    assert abs(height - pixels * math.sqrt(down / across)) <= GRAIN / 2


def test_an_aspect_too_narrow_for_the_model_is_refused(
    backbone: LatentDiffusion,
) -> None:
    with pytest.raises(OptionError, match="too narrow") as raised:
        size_of(backbone, Settings(aspect="1000:1"))
    assert "\n" not in str(raised.value)


def test_noise_of_a_picture_depends_on_its_seed_alone(backbone: LatentDiffusion) -> None:
    several = noise(backbone, [3, 4, 5], (32, 24))
    assert several.shape == (3, 4, 12, 16)
    assert several.dtype == torch.float32
    assert torch.equal(several[1:2], noise(backbone, [4], (32, 24)))
    by_hand = torch.randn(4, 12, 16, generator=torch.Generator().manual_seed(5))
    assert torch.equal(several[2], by_hand)


def test_noise_does_not_touch_the_common_stream_of_chance(backbone: LatentDiffusion) -> None:
    before = torch.random.get_rng_state()
    noise(backbone, [1], (32, 32))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_text_plan_reads_every_part_with_its_weight(backbone: LatentDiffusion) -> None:
    parts = (Part(text="a cat", weight=2.0), Part(text="rain", weight=-0.5))
    plan = text_plan(backbone, Prompt(parts=parts), [1, 2])
    assert [c.weight for c in plan.conditionings] == [2.0, -0.5]
    for part, told in zip(parts, plan.conditionings, strict=True):
        assert torch.equal(told.embedding.tokens, backbone.embed([part.text]).tokens)
    assert torch.equal(plan.unconditional.tokens, backbone.unconditional().tokens)
    assert (plan.first, plan.clean) == (0, None)
    assert plan.start.shape == (2, 4, 16, 16)


def test_what_is_to_be_avoided_pushes_away_from_the_heaviest_words_with_it(
    backbone: LatentDiffusion,
) -> None:
    parts = (Part(text="a bird", weight=1.0), Part(text="a cat", weight=3.0))
    plan = text_plan(backbone, Prompt(parts=parts, avoid=" a dog , thunder,"), [1])
    assert [c.weight for c in plan.conditionings] == [1.0, 3.0, -4.0, -4.0]
    for text, told in zip(("a cat, a dog", "a cat, thunder"), plan.conditionings[2:], strict=True):
        assert torch.equal(told.embedding.tokens, backbone.embed([text]).tokens)
        assert told.against is plan.conditionings[1].embedding


def test_where_there_are_no_words_the_thing_alone_pushes_away(backbone: LatentDiffusion) -> None:
    prompt = Prompt(parts=(), avoid="rain")
    plan = embedding_plan(backbone, prompt, backbone.embed(["a cat"]), [1])
    assert [c.weight for c in plan.conditionings] == [1.0, -0.5]
    assert plan.conditionings[1].against is None


def test_an_embedding_of_another_model_is_refused(backbone: LatentDiffusion) -> None:
    strange = Embedding(torch.zeros(1, 77, backbone.width), None, "sd1:another")
    with pytest.raises(OptionError, match="another"):
        embedding_plan(backbone, Prompt.of("x"), strange, [1])


@pytest.mark.parametrize("strength", [0.0, -0.1, 1.01, math.nan, math.inf])
def test_a_strength_out_of_bounds_is_refused(backbone: LatentDiffusion, strength: float) -> None:
    with pytest.raises(OptionError, match="strength"):
        embedding_plan(
            backbone,
            Prompt.of("x"),
            backbone.unconditional(),
            [1],
            picture=noise_picture(),
            strength=strength,
        )


@pytest.mark.parametrize(("strength", "first"), [(1.0, 0), (0.7, 3), (0.5, 5), (0.01, 9)])
def test_strength_is_the_share_of_steps_that_is_left_to_run(
    backbone: LatentDiffusion, strength: float, first: int
) -> None:
    prompt = Prompt.of("x", settings=Settings(steps=10))
    picture = noise_picture(50, 32)
    plan = embedding_plan(
        backbone, prompt, backbone.unconditional(), [1], picture=picture, strength=strength
    )
    assert plan.first == first
    if strength == 1:
        assert plan.clean is None
    else:
        assert plan.clean is not None
        assert torch.equal(plan.clean, backbone.encode([picture], (32, 32)))
