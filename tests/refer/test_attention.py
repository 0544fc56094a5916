"""Shared attention agrees with attention written out, and hides what it is to hide."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Plan
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import text_plan
from lookalike.engine.run import steps
from lookalike.models.latent import LatentDiffusion
from lookalike.refer.attention import sharing
from lookalike.refer.rows import Row, levels_of
from lookalike.refer.seeing import Showing, attended, lent, pooled

TOLD = Embedding(torch.zeros(1, 2, 3), None, "stub")
PLAIN = Row({}, TOLD)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def three(batch: int = 3, tokens: int = 16) -> tuple[Tensor, Tensor, Tensor]:
    query, key, value = (drawn(batch, 2, tokens, 5, seed=s) for s in range(3))
    return query, key, value


def by_hand(query: Tensor, keys: Tensor, values: Tensor, weights: Tensor) -> Tensor:
    """Attention of one head in which each column's exponential is multiplied by its weight."""
    logits = (query @ keys.T / math.sqrt(query.shape[-1])).exp() * weights
    return logits / logits.sum(1, keepdim=True) @ values


@pytest.mark.parametrize("weight", [0.25, 1.0, 10.0])
def test_a_weight_multiplies_the_attention_paid_to_a_row(weight: float) -> None:
    query, key, value = three()
    now = Showing(2, (replace(PLAIN, weight=weight),), (4, 4))
    found = attended(query, key, value, now)
    weights = torch.cat([torch.ones(16), torch.full((16,), weight)])
    for picture in range(2):
        for head in range(2):
            keys = torch.cat([key[picture, head], key[2, head]])
            values = torch.cat([value[picture, head], value[2, head]])
            expected = by_hand(query[picture, head], keys, values, weights)
            torch.testing.assert_close(found[picture, head], expected)


def test_what_a_mask_hides_is_not_seen() -> None:
    query, key, value = three(2)
    mask = torch.zeros(4, 4)
    mask[1] = 1
    now = Showing(1, (replace(PLAIN, mask=mask),), (4, 4))
    hidden = mask.flatten() == 0
    other = value.clone()
    other[1, :, hidden] = 99.0
    assert torch.equal(attended(query, key, value, now), attended(query, key, other, now))
    other[1, :, ~hidden] = 99.0
    assert not torch.equal(attended(query, key, value, now), attended(query, key, other, now))


def test_a_mask_that_hides_everything_leaves_plain_attention() -> None:
    query, key, value = three(2)
    now = Showing(1, (replace(PLAIN, mask=torch.zeros(4, 4)),), (4, 4))
    plain = torch.nn.functional.scaled_dot_product_attention(query[:1], key[:1], value[:1])
    torch.testing.assert_close(attended(query, key, value, now), plain)


def test_drawn_tokens_of_other_pictures_are_seen_and_ones_own_not_twice() -> None:
    query, key, value = three(3)
    seen = torch.zeros(48, dtype=torch.bool)
    seen[[3, 20, 40]] = True
    found = attended(query, key, value, Showing(3, (), (4, 4)), seen)
    keys = torch.cat([key[1, 0], key[0, 0, 3:4], key[2, 0, 8:9]])
    values = torch.cat([value[1, 0], value[0, 0, 3:4], value[2, 0, 8:9]])
    expected = by_hand(query[1, 0], keys, values, torch.ones(18))
    torch.testing.assert_close(found[1, 0], expected)


def test_who_takes_a_rows_statistics_has_its_mean_and_spread() -> None:
    whole = drawn(4, 2, 50, 5) * drawn(4, 1, 1, 5, seed=9) + 3
    rows = (replace(PLAIN, lends=1.0), PLAIN)
    found = lent(whole, Showing(2, rows, (5, 10)))
    for index in (0, 1, 3):  # the pictures, and the row of another role
        torch.testing.assert_close(found[index].mean(1), whole[2].mean(1), rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(found[index].std(1), whole[2].std(1), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found[2], whole[2])


def test_statistics_are_taken_on_by_degrees() -> None:
    whole = drawn(2, 2, 50, 5) + torch.tensor([1.0, 5.0])[:, None, None, None]
    means = [
        float(lent(whole, Showing(1, (replace(PLAIN, lends=share),), (5, 10)))[0].mean())
        for share in (0.0, 0.01, 0.5, 1.0)
    ]
    assert means == sorted(means)
    assert means[1] - means[0] < 0.1
    assert torch.equal(lent(whole, Showing(1, (PLAIN,), (5, 10))), whole)


@pytest.mark.parametrize("size", [(16, 16), (12, 22), (15, 9)])
def test_a_mask_is_as_large_as_the_layers_that_it_is_for(size: tuple[int, int]) -> None:
    mask = torch.ones(size)
    (height, width) = size
    while min(height, width) > 1:
        assert torch.equal(pooled(mask, height * width, size), torch.ones(height * width))
        height, width = (height + 1) // 2, (width + 1) // 2


def plan_of(backbone: LatentDiffusion) -> Plan:
    prompt = Prompt.of("a cat", settings=Settings(steps=2, guidance=3.0))
    return text_plan(backbone, prompt, [1, 2])


def row_of(backbone: LatentDiffusion, plan: Plan, seed: int = 5) -> Row:
    path = {
        level: drawn(1, *plan.start.shape[1:], seed=seed) for level in levels_of(backbone, plan)
    }
    return Row(path, backbone.embed(["a dog"]))


def last(backbone: LatentDiffusion, plan: Plan) -> Tensor:
    *_, end = steps(backbone, plan)
    return end.preview


def test_rows_that_come_one_by_one_are_as_rows_that_come_together(
    backbone: LatentDiffusion,
) -> None:
    plan = plan_of(backbone)
    rows = [row_of(backbone, plan, seed) for seed in (5, 6)]
    apart = sharing(sharing(plan, rows[:1]), rows[1:])
    assert len(apart.wraps) == len(apart.injections) == 1
    assert torch.equal(last(backbone, apart), last(backbone, sharing(plan, rows)))


def test_pictures_do_not_depend_on_their_neighbours(backbone: LatentDiffusion) -> None:
    plan = plan_of(backbone)
    shared = sharing(plan, [row_of(backbone, plan)])
    alone = last(backbone, replace(shared, start=plan.start[:1]))
    torch.testing.assert_close(last(backbone, shared)[:1], alone, rtol=1e-4, atol=1e-4)


def test_a_faithful_row_is_not_seen_without_text(backbone: LatentDiffusion) -> None:
    plan = plan_of(backbone)
    plan = replace(
        plan, prompt=Prompt.of("a cat", settings=Settings(steps=2, guidance=0.0)), conditionings=()
    )
    seen, hidden = (replace(row_of(backbone, plan), faithful=share) for share in (0.0, 1.0))
    bare = last(backbone, plan)
    assert torch.equal(last(backbone, sharing(plan, [hidden])), bare)
    assert not torch.equal(last(backbone, sharing(plan, [seen])), bare)
