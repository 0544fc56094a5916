"""The first half of a U-Net, its encoder and middle block, as a module of its own."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lookalike.models.attending import Learning

PARTS = ("conv_in", "time_embedding", "add_embedding", "down_blocks", "mid_block")
"""The parts of diffusers' UNet2DConditionModel that run before its decoder, where it has them."""


class FirstHalf(nn.Module):
    """A copy of a U-Net's encoder and middle block, which can learn while the U-Net stays."""

    def __init__(self, unet: Any) -> None:
        """Copy the weights in float32; what holds none is shared."""
        from diffusers.models.attention_processor import Attention

        super().__init__()
        self.parts = nn.ModuleDict({k: _copied(getattr(unet, k)) for k in _present(unet)})
        for part in self.parts.modules():
            if isinstance(part, Attention):
                learning: Any = Learning()  # diffusers' declaration knows its own alone
                part.set_processor(learning)
        self._time_proj = unet.time_proj
        # diffusers' own reading of what a family adds, over our copies of its weights.
        self._config, self._add_time_proj = unet.config, getattr(unet, "add_time_proj", None)

    @property
    def width(self) -> int:
        """Channels of what the middle block gives."""
        return int(self._config.block_out_channels[-1])

    def forward(
        self,
        latents: Float[Tensor, "batch channels height width"],
        tokens: Float[Tensor, "batch tokens states"],
        added: dict[str, Tensor] | None = None,
    ) -> Float[Tensor, "batch middle rows columns"]:
        """What the middle block says of clean latents, at timestep 0.

        A U-Net that paints into masked places is told that no place is, and the picture as kept.
        """
        clock = self._time_proj(latents.new_zeros(len(latents)))
        told = self.parts["time_embedding"](clock.to(latents.dtype))
        if added is not None and "add_embedding" in self.parts:
            told = told + self._beside(added, told)
        if self._config.in_channels > (channels := latents.shape[1]):
            unmasked = torch.zeros_like(latents[:, : self._config.in_channels - 2 * channels])
            latents = torch.cat([latents, unmasked, latents], 1)
        x = self.parts["conv_in"](latents)
        blocks: Any = self.parts["down_blocks"]
        for block in blocks:
            x, _ = block(hidden_states=x, temb=told, **_read(block, tokens))
        middle: Any = self.parts["mid_block"]
        return middle(x, told, **_read(middle, tokens))

    def _beside(self, added: dict[str, Tensor], told: Tensor) -> Tensor:
        """SDXL's pooled text and sizes, as diffusers' `text_time` embedding reads them."""
        assert self._add_time_proj is not None
        times = self._add_time_proj(added["time_ids"].flatten())
        sizes = times.reshape(len(added["text_embeds"]), -1)
        whole = torch.cat([added["text_embeds"], sizes], -1).to(told.dtype)
        return self.parts["add_embedding"](whole)

    def put_back(self, unet: Any, share: float = 1.0) -> None:
        """Move a U-Net's own weights the share of the way to these: 0 leaves them, 1 replaces."""
        with torch.no_grad():
            for own, ours in self._pairs(unet):
                own.lerp_(ours.to(own), share)

    @contextmanager
    def lent(self, unet: Any, share: float = 1.0) -> Iterator[None]:
        """A block in which a U-Net has these weights by a share, as `put_back` puts them.

        Afterwards its weights are what they were, to the last bit.
        """
        pairs = list(self._pairs(unet))
        found = [own.data for own, _ in pairs]
        try:
            for own, ours in pairs:
                own.data = own.data.lerp(ours.data.to(own), share)
            yield
        finally:
            for (own, _), data in zip(pairs, found, strict=True):
                own.data = data

    def distance(self, unet: Any) -> float:
        """How far these weights lie from a U-Net's own, as a share of the latter's length."""
        pairs = [(own.data.float(), ours.data) for own, ours in self._pairs(unet)]
        far = sum(float((own - ours.to(own)).square().sum()) for own, ours in pairs)
        return (far / sum(float(own.square().sum()) for own, _ in pairs)) ** 0.5

    def _pairs(self, unet: Any) -> Iterator[tuple[nn.Parameter, nn.Parameter]]:
        """Each weight of a U-Net's first half beside the one of this half."""
        for name, part in self.parts.items():
            own = dict(getattr(unet, name).named_parameters())
            for key, weight in part.named_parameters():
                yield own[key], weight


def _present(unet: Any) -> list[str]:
    return [name for name in PARTS if getattr(unet, name, None) is not None]


def _copied(part: nn.Module) -> nn.Module:
    return copy.deepcopy(part).float().requires_grad_(True)


def _read(block: Any, tokens: Tensor) -> dict[str, Tensor]:
    """What a block attends to, where it does."""
    return {"encoder_hidden_states": tokens} if getattr(block, "has_cross_attention", False) else {}
