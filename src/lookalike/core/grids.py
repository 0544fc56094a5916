"""Grids: the pictures of one run edge to edge in one picture, and the way to each of them."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence

from PIL import Image

from lookalike.core.errors import PictureError

_BLANK = "#ffffff"


def layout(count: int) -> tuple[int, int]:
    """Columns and rows of a grid: as near to a square as can be, rather wide than high."""
    columns = math.ceil(math.sqrt(count))
    return columns, math.ceil(count / columns)


def grid(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one size edge to edge, row by row; what is left of the last row is white."""
    columns, rows = layout(len(pictures))
    width, height = pictures[0].size
    page = Image.new("RGB", (columns * width, rows * height), _BLANK)
    for place, picture in enumerate(pictures):
        page.paste(picture, (place % columns * width, place // columns * height))
    return page


def tile(page: Image.Image, tiles: tuple[int, int], index: int, name: str) -> Image.Image:
    """Tile `index` of a grid, from 0, pixel by pixel; `name` is for the error.

    Raises:
        PictureError: the grid was resized or cropped since it was made.
    """
    columns, rows = tiles
    width, height = page.width // columns, page.height // rows
    if (columns * width, rows * height) != page.size:
        raise PictureError(
            f"{name} is no whole grid any more: {page.width} x {page.height} pixels do not hold "
            f"{columns} x {rows} equal tiles"
        )
    left, top = index % columns * width, index // columns * height
    return page.crop((left, top, left + width, top + height))


def numbered(name: str) -> tuple[str, int] | None:
    """The file and the number in "grid.png#3"; None where that is no tile's name.

    A file that itself has such a name is meant before a tile is.
    """
    found = re.fullmatch(r"(.+)#(-?\d{1,9})", name, re.DOTALL)
    if found is None or os.path.exists(name) or not os.path.exists(found[1]):
        return None
    return found[1], int(found[2])
