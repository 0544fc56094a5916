"""Deep visual prompts: vectors that join a vision tower's patches anew in every layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

DROPOUT = 0.1
"""Share of the vectors' entries that a training step leaves out, as SD-IPC's code has it."""


class VisualPrompts(nn.Module):
    """`count` vectors a layer behind the class token, and an affine map of the pooled output.

    Ding et al. (2023), SD-IPC-FT, after Jia et al. (2022), deep visual prompt tuning. Differs from
    the published code in three things (ours): vectors come before the patches and take the place
    of none; the map behind the tower is an affine one without a second normalisation; and the
    prompted output is an offset from the plain one, weighed by a gate of each channel that starts
    at zero. So training begins at the closed form itself.
    """

    def __init__(self, vision: Any, count: int, chance: torch.Generator) -> None:
        """Vectors uniform in ±sqrt(6 / (3 patch side + width)), all else neutral."""
        super().__init__()
        config = vision.config
        width, layers = int(config.hidden_size), int(config.num_hidden_layers)
        reach = math.sqrt(6 / (3 * int(config.patch_size) + width))
        drawn = torch.rand(layers, count, width, generator=chance) * 2 - 1
        self.vectors = nn.Parameter(drawn * reach)
        self.projection = nn.Parameter(torch.eye(width))
        self.gate = nn.Parameter(torch.zeros(width))
        self.scale = nn.Parameter(torch.ones(width))
        self.shift = nn.Parameter(torch.zeros(width))

    def forward(
        self,
        vision: Any,
        pixels: Float[Tensor, "batch channels side side"],
        plain: Float[Tensor, "batch vision"],
        chance: torch.Generator | None = None,
    ) -> Float[Tensor, "batch vision"]:
        """The pooled output with the prompts' help; `plain` is the tower's own.

        `chance` draws what a training step leaves out; without it nothing is.
        """
        vectors = self._kept(chance) @ self.projection.T
        with _joined(vision, vectors):
            seen = vision.vision_model(pixels.to(vision.device, vision.dtype)).pooler_output.float()
        return (plain + self.gate * (seen - plain)) * self.scale + self.shift

    def _kept(self, chance: torch.Generator | None) -> Float[Tensor, "layers count vision"]:
        if chance is None:
            return self.vectors
        kept = torch.rand(self.vectors.shape, generator=chance) >= DROPOUT
        return self.vectors * kept.to(self.vectors) / (1 - DROPOUT)


@contextmanager
def _joined(vision: Any, vectors: Float[Tensor, "layers count vision"]) -> Iterator[None]:
    """A block in which each layer reads its vectors between the class token and the patches."""
    layers = list(vision.vision_model.encoder.layers)
    handles = [
        layer.register_forward_pre_hook(_reader(vectors[place], first=place == 0))
        for place, layer in enumerate(layers)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _reader(
    own: Float[Tensor, "count vision"], *, first: bool
) -> Callable[[nn.Module, tuple[Any, ...]], tuple[Any, ...]]:
    behind = 1 if first else 1 + len(own)  # the vectors of the layer before make room

    def enter(_: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        states, *rest = given
        mine = own.to(states).expand(len(states), -1, -1)
        return (torch.cat([states[:, :1], mine, states[:, behind:]], 1), *rest)

    return enter
