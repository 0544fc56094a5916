"""Image prompts: how words and pictures share a prompt's vectors."""

from __future__ import annotations

import pytest
import torch

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Plan
from lookalike.core.records import Part, Prompt, Settings
from lookalike.engine.plan import text_plan
from lookalike.models.latent import LatentDiffusion
from lookalike.refer import Referred, mechanisms
from tests.engine.tiny import noise_picture


def shown(backbone: LatentDiffusion, seed: int, weight: float = 1.0) -> Referred:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randn(1, backbone.length, backbone.width, generator=generator)
    return Referred(noise_picture(seed=seed), weight, Embedding(tokens, None, backbone.space))


def plan_of(backbone: LatentDiffusion, image_weight: float, *parts: Part) -> Plan:
    prompt = Prompt(parts=parts, settings=Settings(image_weight=image_weight))
    return text_plan(backbone, prompt, [1, 2])


def bent(backbone: LatentDiffusion, plan: Plan, *references: Referred) -> Plan:
    return mechanisms.make("image-prompt", {}).bend(backbone, plan, references)


@pytest.mark.parametrize(("weight", "share"), [(0.5, 1 / 3), (1.0, 0.5), (3.0, 0.75)])
def test_pictures_take_the_share_of_their_weight(
    backbone: LatentDiffusion, weight: float, share: float
) -> None:
    plan, picture = plan_of(backbone, weight, Part(text="a cat")), shown(backbone, 1)
    assert picture.embedding is not None
    words = plan.conditionings[0].embedding.tokens
    found = bent(backbone, plan, picture).conditionings[0].embedding.tokens
    torch.testing.assert_close(found, words + share * (picture.embedding.tokens - words))
    assert torch.equal(plan.conditionings[0].embedding.tokens, words)


def test_a_weight_of_zero_changes_nothing(backbone: LatentDiffusion) -> None:
    plan = plan_of(backbone, 0.0, Part(text="a cat"))
    assert bent(backbone, plan, shown(backbone, 1)) is plan


def test_parts_that_push_away_stay_words(backbone: LatentDiffusion) -> None:
    plan = plan_of(backbone, 2.0, Part(text="a cat"), Part(text="rain", weight=-0.5))
    found = bent(backbone, plan, shown(backbone, 1))
    kept, before = found.conditionings[1], plan.conditionings[1]
    assert torch.equal(kept.embedding.tokens, before.embedding.tokens)
    assert kept.weight == -0.5


def test_without_words_the_pictures_are_the_prompt_by_their_weights(
    backbone: LatentDiffusion,
) -> None:
    a, b = shown(backbone, 1, 3.0), shown(backbone, 2, 1.0)
    assert a.embedding is not None
    assert b.embedding is not None
    [found] = bent(backbone, plan_of(backbone, 1.0), a, b).conditionings
    torch.testing.assert_close(
        found.embedding.tokens, 0.75 * a.embedding.tokens + 0.25 * b.embedding.tokens
    )
