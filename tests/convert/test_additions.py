"""Additions to a U-Net: the same by hooks and by weights, and nothing of the U-Net is changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from lookalike.convert.learning.additions import Additions, Scope, weights_of
from lookalike.core.adjustment import Adjustment
from lookalike.core.embedding import Embedding
from lookalike.core.errors import ModelError
from lookalike.core.plan import Conditioning
from lookalike.core.records import Prompt, Settings
from lookalike.engine.guidance import guided
from lookalike.engine.plan import text_plan
from lookalike.models.adjusting import adjusted
from lookalike.models.latent import LatentDiffusion
from tests.convert.learnt import backbone, each

__all__ = ["backbone", "each"]  # fixtures

Weights = dict[str, Tensor]
SCOPES: tuple[Scope, ...] = ("cross", "attention")


def additions(of: LatentDiffusion, scope: Scope = "cross", size: float = 0.1) -> Additions:
    made = Additions(of.unet, weights_of(of, scope)).requires_grad_(False)
    chance = torch.Generator().manual_seed(3)
    for weight in made.weights:
        weight.copy_(size * torch.randn(weight.shape, generator=chance))
    return made


def weights(of: LatentDiffusion) -> Weights:
    return {name: value.clone() for name, value in of.unet.state_dict().items()}


def same(ones: Weights, others: Weights) -> bool:
    return ones.keys() == others.keys() and all(torch.equal(ones[n], others[n]) for n in ones)


def noisy(of: LatentDiffusion) -> Tensor:
    return torch.randn(1, *of.latent, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def seen(of: LatentDiffusion, told: Embedding) -> Tensor:
    return of.denoise(noisy(of), torch.tensor([500]), told)


@pytest.mark.parametrize("scope", SCOPES)
def test_zero_additions_change_nothing(backbone: LatentDiffusion, scope: Scope) -> None:
    told = backbone.embed(["a cat"])
    none = additions(backbone, scope, 0.0)
    plain = seen(backbone, told)
    with none.lent(backbone.unet):
        assert torch.equal(seen(backbone, told), plain)
    assert torch.equal(seen(backbone, replace(told, adjustment=none.adjustment())), plain)


@pytest.mark.parametrize("scope", SCOPES)
def test_lent_and_adjusted_give_the_same_prediction(each: LatentDiffusion, scope: Scope) -> None:
    told, made = each.embed(["a cat"]), additions(each, scope)
    plain = seen(each, told)
    with made.lent(each.unet):
        lent = seen(each, told)
    summed = seen(each, replace(told, adjustment=made.adjustment()))
    torch.testing.assert_close(lent, summed, rtol=1e-4, atol=1e-4)
    assert float((lent - plain).abs().max()) > 1e-3


def test_a_scope_names_the_attention_that_it_says(backbone: LatentDiffusion) -> None:
    sites = [site for site in backbone.sites if site.kind == "cross"]
    cross, every = weights_of(backbone, "cross"), weights_of(backbone, "attention")
    assert cross == [f"{s.path}.{part}.weight" for s in sites for part in ("to_k", "to_v")]
    assert set(cross) < set(every)
    assert len(every) == 4 * len(backbone.sites)
    assert set(every) <= backbone.unet.state_dict().keys()


def test_weights_are_bit_identical_afterwards_also_when_stopped(backbone: LatentDiffusion) -> None:
    before, made = weights(backbone), additions(backbone)
    adjustment = made.adjustment()
    with adjusted(backbone.unet, adjustment):
        assert not same(weights(backbone), before)
    assert same(weights(backbone), before)
    with pytest.raises(KeyboardInterrupt), adjusted(backbone.unet, adjustment):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), made.lent(backbone.unet):
        raise KeyboardInterrupt
    assert same(weights(backbone), before)
    assert not any(module._forward_hooks for module in backbone.unet.modules())


@pytest.mark.parametrize("foreign", ["another name", "another shape"])
def test_an_adjustment_for_another_unet_is_refused_by_name(
    backbone: LatentDiffusion, foreign: str
) -> None:
    (known, *_) = weights_of(backbone, "cross")
    name = known if foreign == "another shape" else "no.such.weight"
    told = replace(backbone.embed(["a cat"]), adjustment=Adjustment({name: torch.ones(2, 2)}))
    before = weights(backbone)
    with pytest.raises(ModelError, match=f"another U-Net: this one has no such {name}") as raised:
        seen(backbone, told)
    assert "\n" not in str(raised.value)
    assert same(weights(backbone), before)


def test_sums_are_those_of_the_unet_that_reads(backbone: LatentDiffusion) -> None:
    from tests.engine.tiny import tiny_backbone

    other = tiny_backbone()
    for weight in other.unet.parameters():
        weight.data.mul_(0.5)
    told = replace(backbone.embed(["a cat"]), adjustment=additions(backbone).adjustment())
    apart = seen(other, told)
    assert not torch.equal(seen(backbone, told), apart)
    assert torch.equal(seen(other, told), apart)


def test_the_empty_prompt_is_read_with_the_prompts_weights(backbone: LatentDiffusion) -> None:
    settings = Settings(steps=1, count=1, guidance=3.0)
    plan = text_plan(backbone, Prompt.of("a cat", settings=settings), [1])
    own = additions(backbone).adjustment()
    told = replace(backbone.embed(["a cat"]), adjustment=own)
    plan = replace(plan, conditionings=(Conditioning(told),))
    x, level = noisy(backbone), torch.tensor([500])
    with torch.no_grad():
        found = guided(backbone.denoise, plan, x, level)
    bare = seen(backbone, replace(plan.unconditional, adjustment=own))
    torch.testing.assert_close(found, bare + 3.0 * (seen(backbone, told) - bare))
    assert float((bare - seen(backbone, plan.unconditional)).abs().max()) > 1e-3


def test_the_empty_prompt_is_the_plans_own_where_nothing_was_learnt(
    backbone: LatentDiffusion,
) -> None:
    plan = text_plan(backbone, Prompt.of("a cat", settings=Settings(guidance=3.0)), [1])
    read: list[Embedding] = []

    def denoise(x: Tensor, _: Tensor, told: Embedding) -> Tensor:
        read.append(told)
        return x

    guided(denoise, plan, noisy(backbone), torch.tensor([500]))
    [both] = read
    assert torch.equal(both.tokens[: len(both.tokens) // 2], plan.unconditional.tokens)
    assert both.adjustment is None
