"""More around a picture: it is made smaller in its frame, or its frame grows to one side."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from PIL import Image

from lookalike.core.errors import OptionError
from lookalike.core.pictures import MAX_PIXELS

Direction = Literal["left", "right", "up", "down"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)

MOST_ZOOM = 4.0


def zoomed_out(picture: Image.Image, factor: float) -> tuple[Image.Image, Image.Image]:
    """The picture at 1 / `factor` in the middle of its own frame, and a mask of what is around.

    Around it its edges go on outwards, for something to start from.
    """
    if not 1 < factor <= MOST_ZOOM:
        raise OptionError(f"a zoom of {factor:g} is not above 1 and at most {MOST_ZOOM:g}")
    width, height = picture.size
    small = max(1, round(width / factor)), max(1, round(height / factor))
    if small == picture.size:
        raise OptionError(
            f"a zoom of {factor:g} leaves nothing to fill around {width} x {height} pixels"
        )
    left, top = (width - small[0]) // 2, (height - small[1]) // 2
    inner = picture.resize(small, Image.Resampling.LANCZOS)
    return _padded(inner, left, top, width - small[0] - left, height - small[1] - top)


def panned(
    picture: Image.Image, direction: Direction, share: float
) -> tuple[Image.Image, Image.Image]:
    """The picture in a frame that is longer by `share` on one side, and a mask of that side."""
    if direction not in DIRECTIONS:
        raise OptionError(f"there is no direction {direction!r}; it is {', '.join(DIRECTIONS)}")
    if not 0 < share <= 1:
        raise OptionError(f"a share of {share:g} is not above 0 and at most 1")
    width, height = picture.size
    across, down = max(1, round(width * share)), max(1, round(height * share))
    more = {"left": (across, 0, 0, 0), "up": (0, down, 0, 0)}
    more |= {"right": (0, 0, across, 0), "down": (0, 0, 0, down)}
    left, top, right, bottom = more[direction]
    if (left + width + right) * (top + height + bottom) > MAX_PIXELS:
        raise OptionError(
            f"{width} x {height} pixels cannot grow by {share:g}: "
            f"at most {MAX_PIXELS // 1_000_000} megapixels are made"
        )
    return _padded(picture, left, top, right, bottom)


def _padded(
    picture: Image.Image, left: int, top: int, right: int, bottom: int
) -> tuple[Image.Image, Image.Image]:
    around = (top, bottom), (left, right)
    frame = np.pad(np.asarray(picture), (*around, (0, 0)), mode="edge")
    inside = np.zeros((picture.height, picture.width), np.uint8)
    return Image.fromarray(frame), Image.fromarray(np.pad(inside, around, constant_values=255))
