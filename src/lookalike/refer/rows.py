"""Rows: what a model is shown of a reference beside the pictures, and how much of it they see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError
from lookalike.core.plan import Plan
from lookalike.models.backbone import Backbone
from lookalike.refer.base import Referred

Latents = Float[Tensor, "rows channels height width"]


@dataclass(frozen=True, eq=False)
class Row:
    """One reference beside the pictures of a run.

    `trajectory` holds its noisy latents by level, `told` the prompt that it is denoised under.
    `weight` multiplies the attention that the pictures pay to it, place by place where there is a
    `mask`. `lends` says how far queries and keys take on its statistics, from 0 to 1. `faithful`
    is the share of its weight that predictions without text do not see: guidance steers to it.
    """

    trajectory: Mapping[int, Latents]
    told: Embedding
    weight: float = 1.0
    lends: float = 0.0
    faithful: float = 0.0
    mask: Float[Tensor, "height width"] | None = None

    def at(self, level: Tensor) -> Latents:
        """Its latents at a level of the run."""
        return self.trajectory[int(level.flatten()[0])]


def levels_of(backbone: Backbone, plan: Plan) -> list[int]:
    """The levels that a plan will run through, the noisiest first."""
    timesteps: Tensor = backbone.scheduler(plan.prompt.settings.sampling_steps).timesteps
    return [int(level) for level in timesteps[plan.first :]]


def alphas_of(backbone: Backbone) -> Float[Tensor, " levels"]:
    """The share of the clean latents' variance at every training level."""
    alphas: Tensor = backbone.scheduler(1).alphas_cumprod
    return alphas.double().cpu()


def clean_latents(backbone: Backbone, plan: Plan, one: Referred) -> Latents:
    """A reference's latents, cut to the size of the pictures that a plan makes."""
    cell = backbone.pixels // backbone.latent[1]
    height, width = plan.start.shape[-2:]
    return backbone.encode([one.picture], (width * cell, height * cell))


def noised(
    backbone: Backbone, clean: Latents, levels: Sequence[int], noise: Latents
) -> dict[int, Latents]:
    """Clean latents with one and the same noise at every level."""
    alphas = alphas_of(backbone)
    return {
        level: float(alphas[level].sqrt()) * clean + float((1 - alphas[level]).sqrt()) * noise
        for level in levels
    }


def drawn_noise(like: Latents, seed: int) -> Latents:
    """Unit noise, drawn on the CPU: the same on every device."""
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(seed)).to(like)


def shares(references: Sequence[Referred], role: str) -> list[float]:
    """Each reference's part of the attention paid to all of them, by its weight.

    Raises:
        OptionError: a weight is negative, for nobody can look away from what is not there; or all
            are 0.
    """
    weights = [one.weight for one in references]
    if min(weights) < 0:
        raise OptionError(
            f"a {role} reference cannot have the negative weight {min(weights):g}; "
            "say with --no what to stay away from"
        )
    if sum(weights) == 0:
        raise OptionError(f"all {role} references have weight 0; leave them out")
    return [weight / sum(weights) for weight in weights]
