"""What is aimed at: a style's moments at one layer, and a content's features at some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from lookalike.restyle.losses import Gaussian, Tangent, gram_distance, w2_distance
from lookalike.restyle.moments import Moments, sum_of
from lookalike.restyle.options import Restyle
from lookalike.restyle.tiles import Tile


@dataclass(frozen=True, eq=False)
class StyleGoal:
    """A style at one layer.

    Where distances are relative, features are scaled so that the style's have an energy of 1: then
    weights mean the same for every layer, whatever VGG's weights are.
    """

    moments: Moments
    gaussian: Gaussian | None
    scale: float
    gram: float

    @classmethod
    def of(cls, moments: Moments, options: Restyle) -> StyleGoal:
        """The goal of a style's moments, by the loss that the options name."""
        scale = 1 / max(float(moments.energy), 1e-12) if options.relative else 1.0
        scaled = moments.scaled(scale)
        gaussian = Gaussian.of(scaled) if options.loss == "w2" else None
        share = float(scaled.gram.square().mean()) if options.relative else 1.0
        gram = options.gram_weight if options.loss == "w2" else 1.0
        return cls(scaled, gaussian, scale, gram / max(share, 1e-12))

    def tangent(self, moments: Moments) -> Tangent | None:
        """What `distance` may be told of a picture nearby; None for Gram matrices."""
        if self.gaussian is None:
            return None
        return Tangent.at(moments.scaled(self.scale), self.gaussian)

    def distance(self, moments: Moments, tangent: Tangent | None = None) -> Tensor:
        """How far a picture's moments are from the style's."""
        scaled = moments.scaled(self.scale)
        found = scaled.first.new_zeros(())
        if self.gaussian is not None:
            found = found + w2_distance(scaled, self.gaussian, tangent)
        if self.gram:
            found = found + self.gram * gram_distance(scaled, self.moments)
        return found


@dataclass(frozen=True, eq=False)
class ContentGoal:
    """The content's features by layer, and the mean square that each layer's distance counts by."""

    features: Mapping[str, Tensor]
    energies: Mapping[str, float]

    @classmethod
    def of(cls, features: Mapping[str, Tensor], relative: bool) -> ContentGoal:
        """The goal of a content's features."""
        energies = {k: max(float(v.float().square().mean()), 1e-12) for k, v in features.items()}
        return cls(features, energies if relative else dict.fromkeys(features, 1.0))

    def distance(
        self, features: Mapping[str, Tensor], tile: Tile, layers: Mapping[str, float]
    ) -> Tensor:
        """A tile's share of the mean square differences at some layers, weighed."""
        return sum_of(
            weight * self._share(name, tile.counted(features[name]), tile)
            for name, weight in layers.items()
        )

    def _share(self, name: str, counted: Tensor, tile: Tile) -> Tensor:
        held = self.features[name]
        apart = (counted.float() - tile.placed(held).float()).square().sum()
        return apart / (held.numel() * self.energies[name])
