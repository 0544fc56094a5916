"""Pictures of a story look at one another, by draws that a seed decides."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from lookalike.core.plan import Conditioning, Plan
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import text_plan
from lookalike.engine.run import steps
from lookalike.models.latent import LatentDiffusion
from lookalike.refer import Referred, mechanisms
from lookalike.refer.story import Together, consistent
from tests.engine.tiny import noise_picture


def plan_of(backbone: LatentDiffusion, texts: list[str]) -> Plan:
    """One picture a text, all of one batch."""
    prompt = Prompt.of("a cat", settings=Settings(steps=3, guidance=2.0))
    plan = text_plan(backbone, prompt, list(range(len(texts))))
    return replace(plan, conditionings=(Conditioning(backbone.embed(texts)),))


def last(backbone: LatentDiffusion, plan: Plan) -> Tensor:
    *_, end = steps(backbone, plan)
    return end.preview


def test_a_picture_of_a_story_depends_on_the_others(backbone: LatentDiffusion) -> None:
    cat = last(backbone, consistent(backbone, plan_of(backbone, ["a cat", "a dog"])))[0]
    other = last(backbone, consistent(backbone, plan_of(backbone, ["a cat", "a house"])))[0]
    alone = last(backbone, plan_of(backbone, ["a cat", "a dog"]))[0]
    assert not torch.allclose(cat, other, atol=1e-4)
    assert not torch.allclose(cat, alone, atol=1e-4)


def test_a_seed_decides_the_draws(backbone: LatentDiffusion) -> None:
    plan = plan_of(backbone, ["a cat", "a dog"])
    first, again, other = (last(backbone, consistent(backbone, plan, seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_one_picture_alone_has_nobody_to_look_at(backbone: LatentDiffusion) -> None:
    plan = plan_of(backbone, ["a cat"])
    # A bent plan asks the model once for each embedding, so the last bits may differ.
    alone = last(backbone, plan)
    torch.testing.assert_close(last(backbone, consistent(backbone, plan)), alone)


def test_pictures_lay_themselves_out_before_they_look() -> None:
    together = Together(tuple(range(999, -1, -100)))
    assert together(999) is None
    assert together(899) is None
    assert together(799) is not None


@pytest.mark.parametrize(("level", "chance"), [(799, 0.7), (99, 0.9)])
def test_layers_look_at_others_with_the_stated_chance(level: int, chance: float) -> None:
    looked, seen = [], []
    for seed in range(300):
        draws = Together(tuple(range(999, -1, -100)), seed)(level)
        assert draws is not None
        assert draws.drawn("down", 2, 16) is None
        found = draws.drawn("up", 2, 16)
        looked.append(found is not None)
        seen += [] if found is None else found.tolist()
    assert abs(sum(looked) / len(looked) - chance) < 0.08
    assert abs(sum(seen) / len(seen) - 0.5) < 0.05


def test_earlier_pictures_join_and_so_do_other_references(backbone: LatentDiffusion) -> None:
    plan = plan_of(backbone, ["a cat", "a dog"])
    earlier = [Referred(noise_picture(40, 24))]
    story = consistent(backbone, plan, earlier=earlier)
    both = mechanisms.make("reference-only", {}).bend(backbone, story, [Referred(noise_picture())])
    assert len(both.wraps) == 1
    found = [last(backbone, p) for p in (plan, consistent(backbone, plan), story, both)]
    for i, one in enumerate(found):
        assert not any(torch.equal(one, other) for other in found[:i])


def test_noise_is_not_drawn_from_the_common_stream(backbone: LatentDiffusion) -> None:
    before = torch.random.get_rng_state()
    last(backbone, consistent(backbone, plan_of(backbone, ["a cat", "a dog"]), 3))
    assert torch.equal(torch.random.get_rng_state(), before)
