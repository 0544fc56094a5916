"""Attention to learn through: quick over few tokens, and small over many."""

from __future__ import annotations

from typing import Any

from torch import Tensor

FEW = 1024
"""Tokens up to which every pair of them is kept in memory: 16 times as many for SD 1.5's 512 pixels
would take half a GiB a layer and picture."""


class Learning:
    """An attention processor for models that learn, in place of diffusers' own.

    Fused attention has a slow backward pass on the CPU, and the plain one keeps what every token
    thinks of every other.
    """

    def __init__(self) -> None:
        from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0

        self.plain, self.fused = AttnProcessor(), AttnProcessor2_0()

    def __call__(self, attn: Any, hidden_states: Tensor, *args: Any, **more: Any) -> Tensor:
        """What a layer gives."""
        tokens = hidden_states.flatten(1, -2).shape[1]
        inner = self.plain if tokens <= FEW else self.fused
        return inner(attn, hidden_states, *args, **more)
