"""Stable Diffusion 1.x and 2.x, and mini: one text tower, nothing told beside it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.models.latent import LatentDiffusion


class StableDiffusion(LatentDiffusion):
    """A backbone that reads one text tower's states after its final layer norm.

    SD 2.x stores its tower without the last layer, so the same rule gives the penultimate states
    that it was trained on.
    """

    def _read(self, texts: Sequence[str], *, short: bool = False) -> tuple[Tensor, Tensor | None]:
        return self.towers[0].read(texts, short=short).last_hidden_state.float(), None

    def added(self, x: Tensor, conditioning: Embedding) -> None:
        """Give nothing: these U-Nets read the token states alone."""
        return None
