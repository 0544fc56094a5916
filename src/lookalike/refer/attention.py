"""Shared attention: references run beside the pictures, and the pictures attend to them too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lookalike.core.embedding import Embedding, join
from lookalike.core.plan import Denoise, Injection, Plan, Wrap
from lookalike.core.readings import bends_readings, readings
from lookalike.models.backbone import Backbone, Place
from lookalike.refer.calls import Among, Call, called
from lookalike.refer.rows import Row
from lookalike.refer.seeing import attended


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
        self.now: Call | None = None

    @bends_readings
    def wrap(self, denoise: Denoise) -> Denoise:
        """`denoise` with the rows beside the pictures."""

        def beside(x: Tensor, level: Tensor, told: Embedding) -> Tensor:
            seen = [self._weights(one) for one in readings(told)]
            among = self._among(level) if len(x) > len(seen) else None
            now = called(self.rows, seen, x, among)
            if not now.rows and among is None:
                return denoise(x, level, told)
            shown = torch.cat([x, *(row.at(level).to(x) for row in now.rows)])
            with self._showing(now):
                return denoise(shown, level, joined(told, len(x), now.rows))[: len(x)]

        return beside

    def _among(self, level: Tensor) -> Among | None:
        return self.among(int(level.flatten()[0])) if self.among else None

    def _weights(self, told: Embedding) -> tuple[float, ...]:
        """How much of each row a reading sees."""
        bare = told is self.bare or torch.equal(told.tokens, self.bare.tokens)
        return tuple(row.weight * (1 - row.faithful * bare) for row in self.rows)

    @contextmanager
    def _showing(self, now: Call) -> Iterator[None]:
        self.now = now
        try:
            yield
        finally:
            self.now = None

    @bends_readings
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
        drawn = None
        if now.among:
            drawn = now.among.drawn(self.place, now.pictures, query.shape[2])
        out = torch.empty_like(query)
        for part in now.parts:
            own, keys, values = (each[part.whole] for each in (query, key, value))
            out[part.pictures] = attended(own, keys, values, part.showing, drawn)
        own, keys, values = (each[now.first :] for each in (query, key, value))
        if now.rows:
            out[now.first :] = F.scaled_dot_product_attention(own, keys, values)
        out = out.transpose(1, 2).flatten(2)
        return attn.to_out[1](attn.to_out[0](out))


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
