"""The transfer: a picture painted over at growing sizes, step by step, until it has the style."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from lookalike.models.vgg import Vgg
from lookalike.restyle.colours import recoloured, with_colours_of
from lookalike.restyle.objective import Aim, Objective, Value
from lookalike.restyle.optimisers import optimiser
from lookalike.restyle.options import SMALLEST, Restyle
from lookalike.restyle.pixels import fitted, picture, resized, shrunk, sizes, tensor


@dataclass(frozen=True, eq=False)
class Style:
    """A picture whose manner is wanted, how much against others, and where (white in `mask`)."""

    picture: Image.Image
    weight: float = 1.0
    mask: Image.Image | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """One finished step, counted from 1 over all sizes, and the best picture so far."""

    step: int
    of: int
    loss: float
    content: float
    style: float
    best: Float[Tensor, "1 3 height width"]


def transfer(
    vgg: Vgg, content: Image.Image, styles: Sequence[Style], options: Restyle
) -> Iterator[Step]:
    """Paint `content` in the manner of `styles`; the last step's `best` is the result.

    Stop whenever you like: each step's `best` is the mean of those before it, newer ones counting
    more, or with L-BFGS the picture of the least loss.
    """
    every = sizes(content.size, options.size, options.scales)
    of = options.first_steps + options.steps * (len(every) - 1)
    moving, best, done = optimiser(options), None, 0
    for number, size in enumerate(every):
        scene = Scene.of(vgg, content, styles, options, size)
        start = scene.start(options) if best is None else resized(best, size)
        moving.resize(size)
        x, kept = scene.held(start), Best(options)
        for _ in range(options.steps if number else options.first_steps):
            before = x
            x, value = moving.move(x, scene.objective.at)
            x = scene.held(x)
            best = kept.after(before, x, value)
            done += 1
            yield Step(done, of, value.loss, value.content, value.style, best)


def finished(best: Tensor, content: Image.Image, options: Restyle) -> Image.Image:
    """A step's best picture as a picture, with all that the options want done to it."""
    made = picture(best)
    if not options.keep_colours:
        return made
    return with_colours_of(made, shrunk(content, made.size))


@dataclass(frozen=True, eq=False)
class Scene:
    """One size of a transfer: its objective, the content, and where it may change."""

    objective: Objective
    content: Float[Tensor, "1 3 height width"]
    mask: Float[Tensor, "1 1 height width"] | None
    bounded: bool = True

    @classmethod
    def of(
        cls,
        vgg: Vgg,
        content: Image.Image,
        styles: Sequence[Style],
        options: Restyle,
        size: tuple[int, int],
    ) -> Scene:
        """See content and styles at one size."""
        device = vgg.device
        shown = tensor(shrunk(content, size)).to(device)
        masks = [
            None if s.mask is None else tensor(shrunk(s.mask, size)).to(device) for s in styles
        ]
        masked = any(mask is not None for mask in masks)
        share = 1 / sum(style.weight for style in styles)
        aims = [
            Aim(_seen(style, content, size, options).to(device), style.weight * share, i * masked)
            for i, style in enumerate(styles)
        ]
        regions = masks if masked else [None]
        union = torch.stack([m for m in masks if m is not None]).amax(0) if masked else None
        # What L-BFGS remembers of the slope would be wrong of a picture that was cut to its bounds.
        bounded = options.optimiser == "adam"
        return cls(Objective(vgg, options, shown, aims, regions), shown, union, bounded)

    def start(self, options: Restyle) -> Tensor:
        """What is painted over."""
        if options.init == "noise":
            generator = torch.Generator().manual_seed(options.seed)
            return torch.rand(self.content.shape, generator=generator).to(self.content)
        if options.init == "style":
            height, width = self.content.shape[2:]
            return resized(self.objective.aims[0].picture, (width, height))
        return self._coloured() if options.init == "colours" else self.content

    def _coloured(self) -> Tensor:
        """The content in the colours of each style, by their weights, each where it goes."""
        made, weight = torch.zeros_like(self.content), torch.zeros_like(self.content[:, :1])
        for aim in self.objective.aims:
            mask = self.objective.regions[aim.region]
            share = torch.full_like(weight, aim.weight) if mask is None else aim.weight * mask
            like = recoloured(picture(self.content), picture(aim.picture))
            made += share * tensor(like).to(made)
            weight += share
        return torch.where(weight > 0, made / weight, self.content)

    def held(self, x: Tensor) -> Tensor:
        """The picture within its bounds, and as the content is where it may not change."""
        x = x.clamp(0, 1) if self.bounded else x
        return x if self.mask is None else self.mask * x + (1 - self.mask) * self.content


class Best:
    """The best picture so far at one size."""

    def __init__(self, options: Restyle) -> None:
        """Nothing yet."""
        self.decay, self.least = options.average, options.optimiser == "l-bfgs"
        self.mean: Tensor | None = None
        self.weight, self.loss = 0.0, float("inf")

    def after(self, before: Tensor, x: Tensor, value: Value) -> Tensor:
        """The best after a step from `before`, which had `value`, to `x`."""
        if self.least:
            if value.loss < self.loss or self.mean is None:
                self.loss, self.mean = value.loss, before
            return self.mean
        self.weight = self.decay * self.weight + 1 - self.decay
        mean = x if self.mean is None else self.mean
        self.mean = mean.lerp(x, (1 - self.decay) / self.weight)
        return self.mean


def _seen(
    style: Style, content: Image.Image, size: tuple[int, int], options: Restyle
) -> Float[Tensor, "1 3 height width"]:
    """A style's picture at the size at which it is looked at."""
    whole = style.picture
    side = max(size) * options.style_scale * max(1.0, SMALLEST / min(whole.size))
    width, height = fitted(whole.size, round(side), grow=False)
    small = shrunk(whole, (max(SMALLEST, width), max(SMALLEST, height)))
    return tensor(recoloured(small, content) if options.keep_colours else small)
