"""What is checked of a transfer before it begins: pictures, weights, masks and layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from lookalike.core.errors import OptionError, PictureError
from lookalike.restyle.options import Restyle, weights

if TYPE_CHECKING:
    from lookalike.models.vgg import Vgg

MOST_STYLES = 8
MOST_WEIGHT = 1000


def style_weights(count: int, given: Sequence[float] | None) -> list[float]:
    """A weight for each style, 1 where none is given.

    Raises:
        OptionError: there are none or too many styles, or weights that cannot be.
    """
    if not 1 <= count <= MOST_STYLES:
        raise OptionError(f"restyle takes 1 to {MOST_STYLES} styles, not {count}")
    chosen = [1.0] * count if given is None else [float(weight) for weight in given]
    if len(chosen) != count:
        raise OptionError(f"{len(chosen)} weights do not fit {count} styles")
    said = ", ".join(f"{weight:g}" for weight in chosen)
    if not all(math.isfinite(weight) and 0 <= weight <= MOST_WEIGHT for weight in chosen):
        raise OptionError(f"a style's weight is a number of 0 to {MOST_WEIGHT}, not {said}")
    if not sum(chosen) > 0:
        raise OptionError(f"the styles' weights ({said}) sum to zero: one must be above it")
    return chosen


def regions(
    masks: Sequence[tuple[str, Image.Image]], styles: int, size: tuple[int, int]
) -> list[Image.Image | None]:
    """Where each style goes (white), of a content of some size; None for everywhere.

    There is one mask for each style, or one less: the last style then has what the others leave.

    Raises:
        OptionError: the masks are not as many.
        PictureError: a mask has another size, or is all black.
    """
    if not masks:
        return [None] * styles
    drawn = [_mask(name, picture, size) for name, picture in masks]
    if len(drawn) == styles - 1:
        drawn.append(_rest(drawn))
    if len(drawn) != styles:
        raise OptionError(
            f"{len(masks)} masks do not fit {styles} styles: there is one for each, or one less"
        )
    return [*drawn]


def _mask(name: str, picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    if picture.size != size:
        (width, height), (w, h) = picture.size, size
        raise PictureError(
            f"the mask {name} has {width} x {height} pixels, and the content {w} x {h}: both must "
            "be the same"
        )
    mask = picture.convert("L")
    if mask.getextrema() == (0, 0):
        raise PictureError(f"the mask {name} is all black: paint white where the style goes")
    return mask


def _rest(masks: Sequence[Image.Image]) -> Image.Image:
    """What all masks leave black."""
    from PIL import ImageChops

    taken = masks[0]
    for mask in masks[1:]:
        taken = ImageChops.lighter(taken, mask)
    rest = ImageOps.invert(taken)
    if rest.getextrema() == (0, 0):
        raise PictureError("the masks leave nothing to the last style: give it a mask of its own")
    return rest


def check_layers(vgg: Vgg, options: Restyle) -> None:
    """Raise `OptionError` for a layer that a VGG does not have."""
    for name in (*weights(options.content_layers), *weights(options.style_layers)):
        vgg.layer(name)
