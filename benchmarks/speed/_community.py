"""Style references as others publish them, in our words, to be measured against.

Each is a mechanism of ours that is not registered, so that the same loop runs them all: with one
call a step for words and for none, as theirs do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lookalike.core.embedding import Embedding, join
from lookalike.core.plan import Denoise, Plan
from lookalike.core.readings import bends_readings, readings
from lookalike.core.records import Role
from lookalike.models.backbone import Backbone
from lookalike.refer.base import Mechanism, Referred
from lookalike.refer.inversion import inverted
from lookalike.refer.rows import clean_latents, drawn_noise, levels_of, noised


class Published(Mechanism):
    """StyleAligned as its authors' code and diffusers' community pipeline have it.

    Hertz et al. (CVPR 2024), with the defaults of both: queries and keys take on the reference's
    statistics, its keys and values stand beside the picture's own at full weight, and group norms
    share statistics with it. The reference is inverted under its own words, one pass a level.
    """

    name: ClassVar[str] = "published"
    summary: ClassVar[str] = "StyleAligned as published."
    roles: ClassVar[tuple[Role, ...]] = ("style",)

    def bend(self, backbone: Backbone, plan: Plan, references: Sequence[Referred]) -> Plan:
        """The plan with one reference as the last row of every call."""
        (one,) = references
        told = plan.unconditional if one.embedding is None else one.embedding
        clean = clean_latents(backbone, plan, one)
        path = inverted(backbone, clean, levels_of(backbone, plan), told, refinements=0)

        now = _Blocks()

        @bends_readings
        def wrap(denoise: Denoise) -> Denoise:
            def beside(x: Tensor, level: Tensor, said: Embedding) -> Tensor:
                every, reference = readings(said), path[int(level.flatten()[0])].to(x)
                now.count, pictures = len(every), len(x) // len(every)
                shown = torch.cat([torch.cat([own, reference]) for own in x.chunk(now.count)])
                rows = [told if own is not plan.unconditional else own for own in every]
                pairs = zip(every, rows, strict=True)
                read = join([one for own, row in pairs for one in (_each(own, pictures), row)])
                return now.apart(denoise(shown, level, read))[:, :-1].flatten(0, 1)

            return beside

        @bends_readings
        @contextmanager
        def inject(backbone: Backbone) -> Iterator[None]:
            with _published(backbone, now):
                yield

        return replace(plan, wraps=(wrap, *plan.wraps), injections=(*plan.injections, inject))


@dataclass(eq=False)
class _Blocks:
    """How many readings a batch holds, each of its pictures and then the reference."""

    count: int = 1

    def apart(self, x: Tensor) -> Tensor:
        """The batch, reading by reading."""
        return x.unflatten(0, (self.count, -1))

    def lasts(self, x: Tensor) -> Tensor:
        """The reference of each row's reading, in the row's place."""
        every = self.apart(x)
        return every[:, -1:].expand_as(every).flatten(0, 1)


def _each(told: Embedding, count: int) -> Embedding:
    return told.repeat(count) if len(told) == 1 else told


@contextmanager
def _published(backbone: Backbone, now: _Blocks) -> Iterator[None]:
    """Self-attention that shares with the reference, and group norms over both."""
    norms = [one for one in backbone.unet.modules() if isinstance(one, nn.GroupNorm)]
    with _attending(backbone, lambda inner: _Aligned(now)):
        plain = [one.forward for one in norms]
        for one, forward in zip(norms, plain, strict=True):
            one.forward = _normed_together(forward, now)
        try:
            yield
        finally:
            for one in norms:
                del one.forward


def _normed_together(
    forward: Callable[[Tensor], Tensor], now: _Blocks
) -> Callable[[Tensor], Tensor]:
    def together(x: Tensor) -> Tensor:
        side = x.shape[2]
        return forward(torch.cat([x, now.lasts(x)], 2))[:, :, :side]

    return together


class _Aligned:
    """Attention of each row to itself and to the reference, whose statistics its queries take."""

    def __init__(self, now: _Blocks) -> None:
        self.now = now

    def __call__(self, attn: Any, hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        query, key, value = _parts(attn, hidden_states)
        query, key = self._adain(query), self._adain(key)
        key, value = (torch.cat([one, self.now.lasts(one)], 2) for one in (key, value))
        return _out(attn, F.scaled_dot_product_attention(query, key, value))

    def _adain(self, x: Tensor) -> Tensor:
        mean, spread = x.mean(2, keepdim=True), (x.var(2, keepdim=True) + 1e-5).sqrt()
        return (x - mean) / spread * self.now.lasts(spread) + self.now.lasts(mean)


class Community(Mechanism):
    """Reference-only as diffusers' community pipeline has it, its attention half.

    At each step the noised reference runs first, and what every self-attention layer is given is
    kept; then the pictures run and attend to it as to themselves. Predictions without text are
    mixed half and half with what they would have been without it. Its other half moves the
    statistics of whole blocks (AdaIN), which is left out here.
    """

    name: ClassVar[str] = "community"
    summary: ClassVar[str] = "Reference-only as the community pipeline has it."
    roles: ClassVar[tuple[Role, ...]] = ("style",)

    def bend(self, backbone: Backbone, plan: Plan, references: Sequence[Referred]) -> Plan:
        """The plan whose every call is preceded by one of the reference alone."""
        (one,) = references
        clean, kept = clean_latents(backbone, plan, one), _Kept()
        path = noised(backbone, clean, levels_of(backbone, plan), drawn_noise(clean, 0))

        @bends_readings
        def wrap(denoise: Denoise) -> Denoise:
            def after(x: Tensor, level: Tensor, said: Embedding) -> Tensor:
                every, reference = readings(said), path[int(level.flatten()[0])].to(x)
                kept.layers, kept.writing = {}, True
                first = join([own.take(0) for own in every])
                denoise(reference.expand(len(every), -1, -1, -1), level, first)
                kept.writing = False
                kept.bare = tuple(own is plan.unconditional for own in every)
                return denoise(x, level, said)

            return after

        @bends_readings
        @contextmanager
        def inject(backbone: Backbone) -> Iterator[None]:
            with _attending(backbone, lambda inner: _Recalling(inner, kept)):
                yield

        return replace(plan, wraps=(wrap, *plan.wraps), injections=(*plan.injections, inject))


@dataclass(eq=False)
class _Kept:
    """What the layers were given of the reference in the call before."""

    layers: dict[int, Tensor] = field(default_factory=dict)
    writing: bool = True
    bare: tuple[bool, ...] = ()


class _Recalling:
    """Self-attention that keeps what it is given, or attends to what was kept besides."""

    def __init__(self, inner: Any, kept: _Kept) -> None:
        self.inner, self.kept = inner, kept

    def __call__(self, attn: Any, hidden_states: Tensor, *args: Any, **more: Any) -> Tensor:
        if self.kept.writing:
            self.kept.layers[id(attn)] = hidden_states
            return self.inner(attn, hidden_states, *args, **more)
        pictures = len(hidden_states) // len(self.kept.bare)
        other = self.kept.layers[id(attn)].repeat_interleave(pictures, 0)
        query, key, value = _parts(attn, hidden_states)
        _, more_keys, more_values = _parts(attn, other)
        keys, values = torch.cat([key, more_keys], 2), torch.cat([value, more_values], 2)
        found = _out(attn, F.scaled_dot_product_attention(query, keys, values))
        bare = torch.tensor(self.kept.bare).repeat_interleave(pictures).to(found.device)
        if bare.any():
            found[bare] = (found[bare] + self.inner(attn, hidden_states[bare], *args, **more)) / 2
        return found


@contextmanager
def _attending(backbone: Backbone, made: Callable[[Any], Any]) -> Iterator[None]:
    """Self-attention by other processors, until the block ends."""
    sites = [site for site in backbone.sites if site.kind == "self"]
    layers: list[Any] = [backbone.unet.get_submodule(site.path) for site in sites]
    before = [layer.processor for layer in layers]
    try:
        for layer in layers:
            layer.processor = made(layer.processor)
        yield
    finally:
        for layer, processor in zip(layers, before, strict=True):
            layer.processor = processor


def _parts(attn: Any, x: Tensor) -> list[Tensor]:
    return [
        layer(x).unflatten(-1, (attn.heads, -1)).transpose(1, 2)
        for layer in (attn.to_q, attn.to_k, attn.to_v)
    ]


def _out(attn: Any, found: Tensor) -> Tensor:
    return attn.to_out[1](attn.to_out[0](found.transpose(1, 2).flatten(2)))
