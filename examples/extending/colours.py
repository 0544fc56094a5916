"""Prompts from a picture's colours: fast, and blind to everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageColor
from pydantic import Field

from lookalike.core.pictures import aspect
from lookalike.core.records import Description
from lookalike.describe.base import Describer

if TYPE_CHECKING:
    from lookalike.models.backbone import Backbone

NAMES = ("black", "white", "gray", "red", "orange", "yellow", "green", "blue", "purple", "pink")


class Colours(Describer):
    """Names the colours that cover most of a picture."""

    name = "colours"
    summary = "Names the colours that cover most of the picture."

    side: int = Field(default=16, ge=1, le=256, description="Pixels a side that are looked at.")

    def describe(
        self, backbone: Backbone, pictures: Sequence[Image.Image], count: int
    ) -> list[list[Description]]:
        """Up to `count` prompts for each picture, the commonest colour first."""
        return [self._describe(picture)[:count] for picture in pictures]

    def _describe(self, picture: Image.Image) -> list[Description]:
        small = picture.convert("RGB").resize((self.side, self.side))
        found = small.getcolors(self.side**2) or []
        shares = dict.fromkeys(NAMES, 0.0)
        for times, colour in found:
            shares[min(NAMES, key=lambda name: _distance(name, colour))] += times / self.side**2
        return [
            Description(text=f"a {name} picture", score=share, aspect=aspect(picture), by=self.name)
            for name, share in sorted(shares.items(), key=lambda pair: -pair[1])
        ]


def _distance(name: str, colour: tuple[int, ...]) -> int:
    return sum((a - b) ** 2 for a, b in zip(ImageColor.getrgb(name), colour, strict=False))
