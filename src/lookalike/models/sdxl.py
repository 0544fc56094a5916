"""Stable Diffusion XL: two text towers side by side, a pooled vector and the picture's size."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.errors import ModelError
from lookalike.models.latent import LatentDiffusion


class StableDiffusionXL(LatentDiffusion):
    """A backbone that reads the penultimate states of two towers, without a final norm.

    Pooled is the second tower's end state, projected (Podell et al., 2023).
    """

    def _read(self, texts: Sequence[str], *, short: bool = False) -> tuple[Tensor, Tensor | None]:
        read = [tower.read(texts, short=short) for tower in self.towers]
        states = torch.cat([each.hidden_states[-2].float() for each in read], dim=-1)
        return states, read[-1].text_embeds.float()

    def unconditional(self) -> Embedding:
        """Give the embedding of no text: zeros where the checkpoint was trained so, as SDXL was."""
        if not self._blank_is_zero:
            return super().unconditional()
        pooled = int(self.towers[-1].model.config.projection_dim)
        # Of known shape, so that two towers need not read what then counts for nothing.
        tokens = torch.zeros(1, self.length, self.width, device=self.device)
        return Embedding(tokens, torch.zeros(1, pooled, device=self.device), self.space)

    def added(self, x: Tensor, conditioning: Embedding) -> dict[str, Tensor]:
        """Give the pooled vector, and the six numbers that tell a picture's sizes."""
        if conditioning.pooled is None:
            raise ModelError(f"{self.name} needs an embedding with a pooled vector; this has none")
        return {
            "text_embeds": self._spread(conditioning.pooled, x),
            "time_ids": self._spread(self._time_ids(x), x),
        }

    def _time_ids(self, x: Tensor) -> Float[Tensor, "1 six"]:
        """Tell original size, crop corner and target size in pixels: a picture never cropped."""
        height, width = (side * self.factor for side in x.shape[-2:])
        return x.new_tensor([[height, width, 0, 0, height, width]])
