"""Shared attention: references run beside the pictures, and the pictures attend to them too."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from lookalike.core.embedding import Embedding, join
from lookalike.core.plan import Denoise, Injection, Plan, Wrap
from lookalike.models.backbone import Backbone, Place
from lookalike.refer.rows import Row

Heads = Float[Tensor, "_rows _heads _tokens _width"]

ENOUGH = 256
"""Tokens that statistics need: over fewer they tell the layout rather than the style, and lending
them spoils what the text asks for."""


@dataclass(frozen=True, eq=False)
class Showing:
    """Who is in the batch that the U-Net works on: pictures first, then one row a reference."""

    pictures: int
    rows: tuple[Row, ...]
    size: tuple[int, int]  # height and width of the latents
    among: Among | None = None


@runtime_checkable
class Among(Protocol):
    """Which tokens of one another the pictures of a batch see, layer after layer of one call."""

    def drawn(self, place: Place, pictures: int, tokens: int) -> Bool[Tensor, " tokens"] | None:
        """The tokens, pictures side by side, that others see in the next layer; None for none."""
        ...


class SharedAttention:
    """All references of a plan that pictures attend to: both its wrap and its injection.

    The wrap puts the references' rows behind the pictures for one call and takes their answers
    away; the injection lets every self-attention layer show the rows to the pictures. Rows look
    at nothing but themselves. StyleAligned (Hertz et al., CVPR 2024) with weights and masks.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        bare: Embedding,
        among: Callable[[int], Among | None] | None = None,
    ) -> None:
        """Take the rows, and the prompt by which a call without text is known.

        `among` says for a level what the pictures see of one another.
        """
        self.rows = tuple(rows)
        self.bare = bare
        self.among = among
        self.now: Showing | None = None

    def wrap(self, denoise: Denoise) -> Denoise:
        """`denoise` with the rows beside the pictures."""

        def beside(x: Tensor, level: Tensor, told: Embedding) -> Tensor:
            rows = self._visible(told)
            among = self.among(int(level.flatten()[0])) if self.among and len(x) > 1 else None
            if not rows and among is None:
                return denoise(x, level, told)
            shown = torch.cat([x, *(row.at(level).to(x) for row in rows)])
            with self._showing(Showing(len(x), rows, (x.shape[-2], x.shape[-1]), among)):
                return denoise(shown, level, joined(told, len(x), rows))[: len(x)]

        return beside

    def _visible(self, told: Embedding) -> tuple[Row, ...]:
        """The rows as this call sees them."""
        if told is not self.bare and not torch.equal(told.tokens, self.bare.tokens):
            return self.rows
        seen = [replace(row, weight=row.weight * (1 - row.faithful)) for row in self.rows]
        return tuple(row for row in seen if row.weight > 0)

    @contextmanager
    def _showing(self, now: Showing) -> Iterator[None]:
        self.now = now
        try:
            yield
        finally:
            self.now = None

    @contextmanager
    def inject(self, backbone: Backbone) -> Iterator[None]:
        """Let the U-Net's self-attention layers share, until the block ends."""
        sites = [site for site in backbone.sites if site.kind == "self"]
        layers: list[Any] = [backbone.unet.get_submodule(site.path) for site in sites]
        before = [layer.processor for layer in layers]
        try:
            for site, layer in zip(sites, layers, strict=True):
                layer.processor = _Sharing(layer.processor, self, site.place)
            yield
        finally:
            for layer, processor in zip(layers, before, strict=True):
                layer.processor = processor


class _Sharing:
    """A self-attention processor that shows rows to pictures; without rows, the one it replaced."""

    def __init__(self, inner: Any, shared: SharedAttention, place: Place) -> None:
        self.inner, self.shared = inner, shared
        self.place: Place = place

    def __call__(self, attn: Any, hidden_states: Tensor, *args: Any, **more: Any) -> Tensor:
        now = self.shared.now
        if now is None:
            return self.inner(attn, hidden_states, *args, **more)
        query, key, value = (
            layer(hidden_states).unflatten(-1, (attn.heads, -1)).transpose(1, 2)
            for layer in (attn.to_q, attn.to_k, attn.to_v)
        )
        first = now.pictures
        drawn = now.among.drawn(self.place, first, query.shape[2]) if now.among else None
        out = [attended(query, key, value, now, drawn)]
        if now.rows:
            out.append(F.scaled_dot_product_attention(query[first:], key[first:], value[first:]))
        out = torch.cat(out).transpose(1, 2).flatten(2)
        return attn.to_out[1](attn.to_out[0](out))


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
    bias = torch.cat([torch.zeros(tokens), *(_bias(row, tokens, now) for row in now.rows)])
    bias = bias.expand(count, -1)
    keys, values = (
        torch.cat([x[:count], _side_by_side(x[count:], count)], 2) for x in (key, value)
    )
    if drawn is not None:
        others = [_side_by_side(x[:count], count)[:, :, drawn] for x in (key, value)]
        keys, values = torch.cat([keys, others[0]], 2), torch.cat([values, others[1]], 2)
        bias = torch.cat([bias, _of_others(count, tokens)[:, drawn]], 1)
    mask = bias.to(query)[:, None, None].expand(-1, 1, tokens, -1)
    return F.scaled_dot_product_attention(query[:count], keys, values, attn_mask=mask)


def _of_others(count: int, tokens: int) -> Float[Tensor, "pictures columns"]:
    """0 where a column is another picture's, -inf where it is one's own, which is there already."""
    own = torch.eye(count, dtype=torch.bool).repeat_interleave(tokens, 1)
    return torch.zeros(own.shape).masked_fill(own, -math.inf)


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


def _bias(row: Row, tokens: int, now: Showing) -> Float[Tensor, " tokens"]:
    """What is added to the logits of a row's tokens, so that its weight multiplies attention."""
    if row.mask is None:
        return torch.full((tokens,), math.log(row.weight))
    return (row.weight * pooled(row.mask, tokens, now.size)).log().float().cpu()


def pooled(
    mask: Float[Tensor, "height width"], tokens: int, size: tuple[int, int]
) -> Float[Tensor, " tokens"]:
    """A mask over latents at the resolution of a layer with so many tokens."""
    height, width = size
    while height * width > tokens:  # as the U-Net halves, a half cell counting as one
        height, width = (height + 1) // 2, (width + 1) // 2
    return F.adaptive_avg_pool2d(mask[None, None], (height, width)).flatten()


def joined(told: Embedding, count: int, rows: Sequence[Row]) -> Embedding:
    """One prompt for each picture, then one for each row, all read with the pictures' weights."""
    ours = told.repeat(count) if len(told) == 1 else told
    like = told.tokens
    theirs = [row.told.to(like.device, like.dtype) for row in rows]
    return join([ours, *(replace(one, adjustment=told.adjustment) for one in theirs)])


def sharing(
    plan: Plan, rows: Sequence[Row], among: Callable[[int], Among | None] | None = None
) -> Plan:
    """A plan whose pictures attend to these rows, and to what they attended to before.

    Its wrap is the innermost, so that all others see the pictures alone.
    """
    before = next((s for one in plan.wraps if (s := _shared(one)) is not None), None)
    kept = before.rows if before else ()
    among = among or (before.among if before else None)
    shared = SharedAttention((*kept, *rows), plan.unconditional, among)
    if before is None:
        wraps, injections = (shared.wrap, *plan.wraps), (*plan.injections, shared.inject)
        return replace(plan, wraps=wraps, injections=injections)
    wraps = tuple(shared.wrap if _shared(one) is before else one for one in plan.wraps)
    injections = tuple(shared.inject if _shared(one) is before else one for one in plan.injections)
    return replace(plan, wraps=wraps, injections=injections)


def _shared(one: Wrap | Injection) -> SharedAttention | None:
    """The shared attention that a wrap or an injection belongs to."""
    owner = getattr(one, "__self__", None)
    return owner if isinstance(owner, SharedAttention) else None
