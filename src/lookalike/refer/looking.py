"""Looking: cross-attention that sees pictures beside the words, each with keys of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Conditioning, Denoise, Plan
from lookalike.core.readings import bends_readings, readings
from lookalike.models.backbone import Backbone
from lookalike.models.ip_adapter import Adapter

Tokens = Float[Tensor, "tokens width"]
Heads = Float[Tensor, "pictures heads tokens width"]


@dataclass(frozen=True, eq=False)
class Sight:
    """What one layer can look at: keys, values, and what is added to each token's logit."""

    key: Tokens
    value: Tokens
    bias: Float[Tensor, " tokens"]


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer's sight of the pictures, and of none."""

    pictures: Sight
    nothing: Sight


class Looking:
    """Pictures that layers look at with a strength: both a wrap and an injection of a plan.

    The wrap says who looks at what: predictions without text, and parts to stay away from, see no
    picture. What stands behind the run's own pictures in a batch looks at nothing.
    """

    def __init__(
        self, layers: Mapping[str, Layer], scale: float, blind: Sequence[Embedding]
    ) -> None:
        """Take what each layer sees, by its path, and the prompts under which nothing is seen."""
        self.layers = layers
        self.scale = scale
        self.blind = tuple(blind)
        self.count = 0
        self.sees: tuple[bool, ...] = ()

    @bends_readings
    def wrap(self, denoise: Denoise) -> Denoise:
        """`denoise` with its pictures looking."""

        def looked(x: Tensor, level: Tensor, told: Embedding) -> Tensor:
            with self._looking(len(x), tuple(self._sees(one) for one in readings(told))):
                return denoise(x, level, told)

        return looked

    def _sees(self, told: Embedding) -> bool:
        # By its vectors: with weights that were learnt, the empty prompt is another object.
        return all(told.tokens is not one.tokens for one in self.blind)

    @contextmanager
    def _looking(self, count: int, sees: tuple[bool, ...]) -> Iterator[None]:
        self.count, self.sees = count, sees
        try:
            yield
        finally:
            self.count, self.sees = 0, ()

    @bends_readings
    @contextmanager
    def inject(self, backbone: Backbone) -> Iterator[None]:
        """Let the U-Net's layers look, until the block ends."""
        layers: dict[str, Any] = {path: backbone.unet.get_submodule(path) for path in self.layers}
        before = {path: layer.processor for path, layer in layers.items()}
        try:
            for path, layer in layers.items():
                layer.processor = _Looks(layer.processor, self, self.layers[path])
            yield
        finally:
            for path, layer in layers.items():
                layer.processor = before[path]


class _Looks:
    """A cross-attention processor that adds what is seen to what the one it replaced gives."""

    def __init__(self, inner: Any, looking: Looking, layer: Layer) -> None:
        self.inner, self.looking, self.layer = inner, looking, layer

    def __call__(self, attn: Any, hidden_states: Tensor, *args: Any, **more: Any) -> Tensor:
        out = self.inner(attn, hidden_states, *args, **more)
        now = self.looking
        if now.count == 0:
            return out
        query = attn.to_q(hidden_states[: now.count]).unflatten(-1, (attn.heads, -1))
        queries = query.transpose(1, 2).chunk(len(now.sees))
        sights = [self.layer.pictures if sees else self.layer.nothing for sees in now.sees]
        seen = torch.cat([_seen(one, sight) for one, sight in zip(queries, sights, strict=True)])
        # Its bias is in `out` already.
        added = F.linear(seen.transpose(1, 2).flatten(2), attn.to_out[0].weight)
        return torch.cat([out[: now.count] + now.scale * added, out[now.count :]])


def _seen(query: Heads, sight: Sight) -> Heads:
    """What each of a reading's pictures sees of what there is to be looked at."""
    pictures, heads, tokens, _ = query.shape
    bias = sight.bias.expand(pictures, 1, tokens, -1)
    key, value = (
        each[None].unflatten(-1, (heads, -1)).transpose(1, 2).expand(pictures, -1, -1, -1)
        for each in (sight.key, sight.value)
    )
    return F.scaled_dot_product_attention(query, key, value, attn_mask=bias)


def looking(
    plan: Plan,
    adapter: Adapter,
    tokens: Float[Tensor, "pictures tokens width"],
    shares: Sequence[float],
    paths: Sequence[str],
    scale: float,
) -> Plan:
    """A plan whose layers at `paths` look at pictures, each of which has a share of the attention.

    Differs from diffusers in that shares weigh the logits, where they are not equal.
    """
    bias = torch.tensor([math.log(share) for share in shares]).to(tokens)
    bias = bias.repeat_interleave(tokens.shape[1])
    blank = adapter.blank()[0]
    layers = {
        path: Layer(
            _sight(adapter.layers[path], tokens.flatten(0, 1), bias),
            _sight(adapter.layers[path], blank, blank.new_zeros(len(blank))),
        )
        for path in paths
    }
    pushes = [one.embedding for one in plan.conditionings if one.weight <= 0]
    if not any(one.weight > 0 for one in plan.conditionings):
        # Vectors of its own: it looks, and the unconditional one does not.
        own = plan.unconditional.tokens.clone()
        bare = Conditioning(replace(plan.unconditional, tokens=own))
        plan = replace(plan, conditionings=(*plan.conditionings, bare))
    added = Looking(layers, scale, (plan.unconditional, *pushes))
    wraps, injections = (*plan.wraps, added.wrap), (*plan.injections, added.inject)
    return replace(plan, wraps=wraps, injections=injections)


@torch.no_grad()
def _sight(layer: Any, tokens: Tokens, bias: Tensor) -> Sight:
    return Sight(layer.to_k_ip[0](tokens), layer.to_v_ip[0](tokens), bias)
