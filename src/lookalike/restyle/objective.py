"""What a transfer makes small: distances in style and content, with their gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from lookalike.models.vgg import Vgg
from lookalike.restyle.goals import ContentGoal, StyleGoal
from lookalike.restyle.losses import Tangent, roughness
from lookalike.restyle.moments import Moments, sum_of, totals
from lookalike.restyle.options import Restyle, weights
from lookalike.restyle.tiles import Tile, stride_of, tiles

Key = tuple[str, int]
"""A layer, and which of the regions its moments are of."""


@dataclass(frozen=True, eq=False)
class Aim:
    """One style at one size: its picture, its weight, and the region (a number) it is for."""

    picture: Float[Tensor, "1 3 height width"]
    weight: float
    region: int = 0


@dataclass(frozen=True, eq=False)
class Value:
    """The objective at a picture: what it adds up to, its two distances, and its gradient."""

    loss: float
    content: float
    style: float
    gradient: Tensor


class Objective:
    """The objective of one size; `at` values a picture.

    `regions` are masks of 0 to 1, None for everywhere. With tiles a picture is gone through twice:
    style depends on sums over all of it, and what each place should do to them is known only
    when they are.
    """

    def __init__(
        self,
        vgg: Vgg,
        options: Restyle,
        content: Float[Tensor, "1 3 height width"],
        aims: Sequence[Aim],
        regions: Sequence[Tensor | None] = (None,),
    ) -> None:
        """See content and styles once."""
        self.vgg, self.options, self.aims, self.regions = vgg, options, aims, regions
        self.style_layers = _named(vgg, weights(options.style_layers))
        self.content_layers = _named(vgg, weights(options.content_layers))
        self.tiles = self._tiles(content)
        self.content = ContentGoal.of(self._features(content), options.relative)
        self.styles = [self._goals(aim.picture) for aim in aims]
        self.tangents: list[dict[str, Tangent | None]] = []
        self.seen = 0

    def at(self, picture: Float[Tensor, "1 3 height width"]) -> Value:
        """The objective at a picture, with its gradient."""
        gradient = torch.zeros_like(picture)
        if len(self.tiles) == 1:
            shown = picture.detach().requires_grad_()
            moments, content = self._see(shown, self.tiles[0])
            style = self._style(moments)
            (style + content).backward()
            gradient += _grad(shown)
        else:
            style, content = self._by_tiles(picture, gradient)
        shown = picture.detach().requires_grad_()
        rough = self.options.tv * roughness(shown)
        rough.backward()
        gradient += _grad(shown)
        held, told = content.item(), style.item()
        return Value(held + told + rough.item(), held, told, gradient)

    def _by_tiles(self, picture: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """The two distances; what they pull at each pixel is added to `gradient`."""
        with torch.no_grad():
            sums = totals(self._moments(tile.cut(picture), tile) for tile in self.tiles)
        whole = {key: _leaf(moments) for key, moments in sums.items()}
        style = self._style(whole)
        style.backward()
        content = picture.new_zeros(())
        for tile in self.tiles:
            shown = tile.cut(picture).detach().requires_grad_()
            moments, held = self._see(shown, tile)
            pulls = [_pull(moments[key], whole[key]) for key in moments]
            sum_of([held, *pulls]).backward()
            tile.cut(gradient).add_(_grad(shown))
            content += held.detach()
        return style, content

    def _see(self, shown: Tensor, tile: Tile) -> tuple[dict[Key, Moments], Tensor]:
        """The moments of a tile, and its share of the content's distance."""
        features = self.vgg.see(shown, [*self.style_layers, *self.content_layers])
        moments = self._moments_of(features, tile)
        content = self.content.distance(features, tile, self.content_layers)
        return moments, self.options.content_weight * content

    def _moments(self, shown: Tensor, tile: Tile) -> dict[Key, Moments]:
        return self._moments_of(self.vgg.see(shown, list(self.style_layers)), tile)

    def _moments_of(self, features: Mapping[str, Tensor], tile: Tile) -> dict[Key, Moments]:
        return {
            (layer, number): Moments.of(
                tile.counted(features[layer]), _shrunk(mask, features[layer], tile)
            )
            for layer in self.style_layers
            for number, mask in enumerate(self.regions)
        }

    def _style(self, moments: Mapping[Key, Moments]) -> Tensor:
        if self.seen % self.options.refresh == 0:
            self.tangents = [
                {layer: goals[layer].tangent(moments[layer, aim.region]) for layer in goals}
                for aim, goals in zip(self.aims, self.styles, strict=True)
            ]
        self.seen += 1
        distances = [
            aim.weight * weight * goals[layer].distance(moments[layer, aim.region], tangents[layer])
            for aim, goals, tangents in zip(self.aims, self.styles, self.tangents, strict=True)
            for layer, weight in self.style_layers.items()
        ]
        # In shares, the weights of layers are shares too.
        shares = sum(self.style_layers.values()) if self.options.relative else 1.0
        return sum_of(distances) * (self.options.style_weight / shares)

    @torch.no_grad()
    def _goals(self, picture: Tensor) -> dict[str, StyleGoal]:
        parts = (_all_moments(self, tile.cut(picture), tile) for tile in self._tiles(picture))
        return {layer: StyleGoal.of(held, self.options) for layer, held in totals(parts).items()}

    @torch.no_grad()
    def _features(self, content: Tensor) -> dict[str, Tensor]:
        """The content's features, put together from its tiles."""
        rows: dict[str, dict[int, list[Tensor]]] = {name: {} for name in self.content_layers}
        for tile in self.tiles:
            for name, features in self.vgg.see(tile.cut(content), list(rows)).items():
                rows[name].setdefault(tile.own[0][0], []).append(tile.counted(features))
        return {
            name: torch.cat([torch.cat(row, 3) for row in held.values()], 2)
            for name, held in rows.items()
        }

    def _tiles(self, picture: Tensor) -> list[Tile]:
        reach = self.vgg.reach([*self.style_layers, *self.content_layers])
        return tiles(picture.shape[2], picture.shape[3], self.options.tile, reach)


def _all_moments(objective: Objective, shown: Tensor, tile: Tile) -> dict[str, Moments]:
    features = objective.vgg.see(shown, list(objective.style_layers))
    return {layer: Moments.of(tile.counted(features[layer])) for layer in features}


def _named(vgg: Vgg, given: Mapping[str, float]) -> dict[str, float]:
    """Layers by VGG's own names."""
    return {vgg.layer(name): weight for name, weight in given.items()}


def _shrunk(mask: Tensor | None, features: Tensor, tile: Tile) -> Tensor | None:
    """A region's mask at the places of a layer's features that count."""
    if mask is None:
        return None
    shown = tile.cut(mask)
    return tile.counted(F.avg_pool2d(shown, stride_of(shown.shape[3], features.shape[3])))[0, 0]


def _leaf(moments: Moments) -> Moments:
    """The same moments, asked what would change the style's distance."""
    weight, first, second = moments.tensors()
    return Moments(weight, first.requires_grad_(), second.requires_grad_())


def _pull(part: Moments, whole: Moments) -> Tensor:
    """What has the gradient on a tile that the style's distance has through the whole's sums."""
    return (part.first * _grad(whole.first)).sum() + (part.second * _grad(whole.second)).sum()


def _grad(leaf: Tensor) -> Tensor:
    return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
