"""Regions of a picture: where it may change, by a rectangle or a mask, with a soft edge inside."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

from lookalike.core.errors import OptionError, PictureError

_SHARE = 32
"""The usual soft edge is one part in so many of the shorter side (ours, by eye)."""


def usual_feather(size: tuple[int, int]) -> int:
    """The width of a soft edge, in pixels, where none is asked for."""
    return round(min(size) / _SHARE)


def rectangle(text: str, size: tuple[int, int]) -> Image.Image:
    """A mask, white inside "x,y,w,h": pixels, or percentages of the picture's `size`.

    Raises:
        OptionError: `text` says something else, or a place that the picture does not have.
    """
    found = [part.strip() for part in text.split(",")]
    if len(found) != 4 or not all(re.fullmatch(r"\d{1,9}(\.\d{1,9})?%?", part) for part in found):
        raise OptionError(
            f"a region is x,y,width,height in pixels or percent, as in 10%,20%,50%,50%; not {text}"
        )
    x, y, width, height = (_pixels(part, size[i % 2]) for i, part in enumerate(found))
    if width < 1 or height < 1:
        raise OptionError(f"the region {text} is empty: nothing may change")
    if x + width > size[0] or y + height > size[1]:
        raise OptionError(f"the region {text} lies outside the picture of {_named(size)} pixels")
    if (width, height) == size:
        raise OptionError(f"the region {text} is the whole picture: use vary without --region")
    mask = Image.new("L", size, 0)
    mask.paste(255, (x, y, x + width, y + height))
    return mask


def _pixels(part: str, side: int) -> int:
    if part.endswith("%"):
        return round(float(part[:-1]) * side / 100)
    return round(float(part))


def mask_of(drawn: Image.Image, size: tuple[int, int], name: str) -> Image.Image:
    """A drawn mask as grey levels: white where the picture of that `size` may change.

    Raises:
        PictureError: it has another size, or is all black or all white.
    """
    if drawn.size != size:
        raise PictureError(
            f"the mask {name} has {_named(drawn.size)} pixels, and the picture {_named(size)}: "
            "both must be the same"
        )
    mask = drawn.convert("L")
    low, high = mask.getextrema()
    if high == 0:
        raise PictureError(f"the mask {name} is all black: nothing may change; paint white where")
    if low == 255:
        raise PictureError(
            f"the mask {name} is all white: everything may change; use vary without --mask"
        )
    return mask


def _named(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def feathered(mask: Image.Image, width: int) -> Image.Image:
    """The mask, rising from its edge inwards over `width` pixels: what was black stays black.

    In masks too narrow for that it rises over what there is.
    """
    levels = np.asarray(mask, dtype=np.float32)
    depth = _depth(levels > 0)
    rise = max(1, min(width + 1, int(depth.max())))
    return Image.fromarray(np.rint(levels * np.minimum(depth / rise, 1)).astype(np.uint8))


def _depth(inside: np.ndarray) -> np.ndarray:
    """How many steps up, down, left or right lead out of what is inside; 0 outside."""
    far = sum(inside.shape)
    depth = np.where(inside, far, 0).astype(np.int32)
    for axis in (0, 1):
        steps = np.arange(depth.shape[axis], dtype=np.int32)
        steps = steps[:, None] if axis == 0 else steps[None, :]
        ahead = np.minimum.accumulate(depth - steps, axis) + steps
        behind = np.flip(np.minimum.accumulate(np.flip(depth + steps, axis), axis), axis) - steps
        depth = np.minimum(ahead, behind)
    return depth


@dataclass(frozen=True, eq=False)
class Canvas:
    """A picture of which a part is to be made: `mask` (grey, of its size) is 0 where it stays."""

    picture: Image.Image
    mask: Image.Image

    def with_part(self, made: Image.Image) -> Image.Image:
        """What was made, in the place of what may change; all else keeps its very pixels."""
        size = self.picture.size
        fitted = made.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        return Image.composite(fitted, self.picture, self.mask)
