"""Consistent self-attention: the pictures of one batch look at one another, and stay alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool
from torch import Tensor

from lookalike.core.plan import Plan
from lookalike.models.backbone import Backbone, Place
from lookalike.refer.attention import sharing
from lookalike.refer.base import Referred
from lookalike.refer.calls import Among
from lookalike.refer.rows import Row, clean_latents, drawn_noise, levels_of, noised

SEEN = 0.5
"""Share of the other pictures' tokens that a layer sees."""
SETTLING = 0.2
"""Share of the steps at the start in which each picture lays itself out alone."""
CHANCES = (0.7, 0.9)
"""How likely a layer looks at others in the first and in the second half of the rest."""


@dataclass
class _Draws:
    """The draws of one call: each up layer in turn takes the next from one stream."""

    chance: float
    generator: torch.Generator = field(repr=False)

    def drawn(self, place: Place, pictures: int, tokens: int) -> Bool[Tensor, " tokens"] | None:
        """Half of all tokens in up blocks, mostly; nothing elsewhere."""
        if place != "up":
            return None
        looks = float(torch.rand((), generator=self.generator)) < self.chance
        seen = torch.rand(pictures * tokens, generator=self.generator) < SEEN
        return seen if looks else None


@dataclass(frozen=True)
class Together:
    """For each level of a run, what the pictures see of one another there.

    The draws of a level depend on `seed` and the level alone: predictions with and without text
    see the same tokens, so that guidance does not amplify the draw.
    """

    levels: tuple[int, ...]
    seed: int = 0

    def __call__(self, level: int) -> Among | None:
        """The draws of one call at `level`; None while pictures lay themselves out."""
        done = self.levels.index(level) / len(self.levels)
        if done < SETTLING:
            return None
        chance = CHANCES[done >= (1 + SETTLING) / 2]
        return _Draws(chance, torch.Generator().manual_seed(self.seed * 1000 + level))


@torch.no_grad()
def consistent(
    backbone: Backbone, plan: Plan, seed: int = 0, earlier: Sequence[Referred] = ()
) -> Plan:
    """A plan whose pictures keep one character, each with a prompt of its own if it has one.

    StoryDiffusion (Zhou et al., 2024): in the up blocks each picture sees its own tokens and a
    random half of the others'. Pictures made `earlier` join as references. Differs from the paper
    in that these are noised anew, not kept from their own run.
    """
    levels = levels_of(backbone, plan)
    rows: list[Row] = []
    for number, one in enumerate(earlier):
        clean = clean_latents(backbone, plan, one)
        path = noised(backbone, clean, levels, drawn_noise(clean, number))
        told = plan.unconditional if one.embedding is None else one.embedding
        rows.append(Row(path, told, weight=SEEN / len(earlier) * one.weight))
    return sharing(plan, rows, Together(tuple(levels), seed))
