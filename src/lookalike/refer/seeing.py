"""Seeing: what pictures see in themselves, in references, and in one another."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from lookalike.refer.rows import Row

Heads = Float[Tensor, "_rows _heads _tokens _width"]

ENOUGH = 256
"""Tokens that statistics need: over fewer they tell the layout rather than the style, and lending
them spoils what the text asks for."""


@dataclass(frozen=True, eq=False)
class Showing:
    """Who is there: pictures first, then one row a reference that they see."""

    pictures: int
    rows: tuple[Row, ...]
    size: tuple[int, int]  # height and width of the latents


def attended(
    query: Heads,
    key: Heads,
    value: Heads,
    now: Showing,
    drawn: Bool[Tensor, " every_token"] | None = None,
) -> Float[Tensor, "pictures heads tokens width"]:
    """What the pictures see in themselves, in the rows, and in the tokens drawn of one another."""
    count, tokens = now.pictures, query.shape[2]
    if tokens >= ENOUGH:
        query, key = lent(query, now), lent(key, now)
    if not now.rows and drawn is None:
        return F.scaled_dot_product_attention(query, key, value)
    own = torch.zeros(tokens, device=query.device)
    bias = torch.cat([own, *(_bias(row, own, now) for row in now.rows)]).expand(count, -1)
    keys, values = (
        torch.cat([x[:count], _side_by_side(x[count:], count)], 2) for x in (key, value)
    )
    if drawn is not None:
        others = [_side_by_side(x[:count], count)[:, :, drawn] for x in (key, value)]
        keys, values = torch.cat([keys, others[0]], 2), torch.cat([values, others[1]], 2)
        bias = torch.cat([bias, _of_others(count, own)[:, drawn]], 1)
    mask = bias.to(query)[:, None, None].expand(-1, 1, tokens, -1)
    return F.scaled_dot_product_attention(query[:count], keys, values, attn_mask=mask)


def _of_others(count: int, own: Float[Tensor, " tokens"]) -> Float[Tensor, "pictures columns"]:
    """0 where a column is another picture's, -inf where it is one's own, which is there already."""
    mine = torch.eye(count, dtype=torch.bool, device=own.device).repeat_interleave(len(own), 1)
    return own.new_zeros(mine.shape).masked_fill(mine, -math.inf)


def lent(whole: Heads, now: Showing) -> Heads:
    """All with the statistics, by head and channel over tokens, of the rows that lend theirs.

    Differs from StyleAligned where rows of other roles are present: these take on the style's
    statistics as the pictures do, so that queries and keys still meet.
    """
    shares = [row.lends for row in now.rows]
    total = sum(shares)
    if total == 0:
        return whole
    part = whole.new_tensor([share / total for share in shares])[:, None, None, None]
    mean, spread = whole.mean(2, keepdim=True), whole.std(2, keepdim=True)
    to_mean = (part * mean[now.pictures :]).sum(0)
    to_spread = (part * spread[now.pictures :]).sum(0)
    takes = whole.new_tensor([*[1.0] * now.pictures, *(share == 0 for share in shares)])
    styled = (whole - mean) / (spread + 1e-5) * to_spread + to_mean
    return torch.lerp(whole, styled, takes[:, None, None, None] * min(1.0, total))


def _side_by_side(rows: Heads, count: int) -> Float[Tensor, "pictures heads more width"]:
    """All rows' tokens one behind the other, the same for every one of `count` pictures."""
    joint = rows.transpose(0, 1).flatten(1, 2)
    return joint.expand(count, *joint.shape)


def _bias(row: Row, own: Float[Tensor, " tokens"], now: Showing) -> Float[Tensor, " tokens"]:
    """What is added to the logits of a row's tokens, so that its weight multiplies attention."""
    if row.mask is None:
        return torch.full_like(own, math.log(row.weight))
    return (row.weight * pooled(row.mask, len(own), now.size)).log().to(own)


def pooled(
    mask: Float[Tensor, "height width"], tokens: int, size: tuple[int, int]
) -> Float[Tensor, " tokens"]:
    """A mask over latents at the resolution of a layer with so many tokens."""
    height, width = size
    while height * width > tokens:  # as the U-Net halves, a half cell counting as one
        height, width = (height + 1) // 2, (width + 1) // 2
    return F.adaptive_avg_pool2d(mask[None, None], (height, width)).flatten()
