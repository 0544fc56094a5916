"""A style's colours, taken over where the model works: in the latents of every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import Field

from lookalike.refer import Mechanism, Referred

if TYPE_CHECKING:
    from torch import Tensor

    from lookalike.core.embedding import Embedding
    from lookalike.core.plan import Denoise, Plan
    from lookalike.models.backbone import Backbone


class LatentColours(Mechanism):
    """Moves each channel of what the model sees to the reference's mean and spread.

    Adaptive instance normalisation (Huang and Belongie, 2017), of latents and not of features; the
    share is sw / (100 + sw).
    """

    name = "latent-colours"
    summary = "Colours of the reference, by the means and spreads of its latents."
    roles = ("style",)

    spread: float = Field(default=1.0, ge=0, le=1, description="How far spreads follow too.")

    def bend(self, backbone: Backbone, plan: Plan, references: Sequence[Referred]) -> Plan:
        """The plan with every prediction moved towards the references' statistics."""
        from lookalike.refer.rows import clean_latents, shares

        weight = plan.prompt.settings.style_weight / 100
        parts = shares(references, "style")
        if weight == 0:
            return plan
        found = [clean_latents(backbone, plan, one) for one in references]
        means, spreads = (
            sum(part * told for part, told in zip(parts, each, strict=True))
            for each in zip(*map(_statistics, found), strict=True)
        )
        share = weight / (1 + weight)

        def wrap(denoise: Denoise) -> Denoise:
            def moved(x: Tensor, level: Tensor, told: Embedding) -> Tensor:
                clean = denoise(x, level, told)
                mean, spread = _statistics(clean)
                scale = (spreads / spread) ** self.spread
                return clean + share * ((clean - mean) * scale + means - clean)

            return moved

        return replace(plan, wraps=(*plan.wraps, wrap))


def _statistics(latents: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and spread of each channel, over places."""
    return latents.mean((-2, -1), keepdim=True), latents.std((-2, -1), keepdim=True)
