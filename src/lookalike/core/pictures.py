"""The picture door: whatever a user calls a picture comes in as clean RGB, or as one clear line."""

from __future__ import annotations

import io
import math
import os
import re
import stat
import warnings
from pathlib import Path

from PIL import Image, ImageColor, UnidentifiedImageError

from lookalike.core.errors import OptionError, PictureError, RecipeError
from lookalike.core.fetch import fetch
from lookalike.core.files import reason
from lookalike.core.grids import numbered, tile
from lookalike.core.png import (
    png_bytes,
    read_recipe,
    save_numbered,
    save_picture,
    tile_recipe,
)
from lookalike.core.rgb import to_rgb
from lookalike.core.sheets import sheet

__all__ = [
    "MAX_PIXELS",
    "PictureSource",
    "aspect",
    "open_picture",
    "open_tile",
    "png_bytes",
    "read_recipe",
    "save_numbered",
    "save_picture",
    "sheet",
]

PictureSource = str | os.PathLike[str] | bytes | Image.Image
"""A path, an http(s) URL, the bytes of a picture file, or a picture that is already open."""

MAX_PIXELS = 64_000_000
"""Larger pictures are refused by their header, before anything is decoded."""

MAX_SIDE = 65_535
"""So are longer ones; it is the most that a JPEG can have. Each row takes memory of its own."""

_RATIOS = ("1:1", "5:4", "4:3", "3:2", "16:10", "5:3", "16:9", "2:1", "21:9")

# Not all that Pillow reads: some of its formats start other programs (EPS), others are no pictures.
_FORMATS = ("PNG", "JPEG", "MPO", "GIF", "WEBP", "AVIF", "BMP", "TIFF", "PPM", "JPEG2000", "ICO")


def open_picture(
    source: PictureSource, *, ground: str = "#ffffff", allow_private: bool = False
) -> Image.Image:
    """The picture at `source`, upright, in RGB, its first frame, without metadata.

    Transparent places show `ground` (any CSS colour). URLs must be http(s), at most 32 MiB and
    20 seconds; addresses inside the own network are refused unless `allow_private`. Whatever
    cannot be read raises `PictureError`, which names the source. "grid.png#3" is the third tile
    of a grid, unless a file has that name.
    """
    colour = _colour(ground)
    if isinstance(source, Image.Image):
        return _decode(source, "the given picture", colour)
    if isinstance(source, bytes):
        return _read(io.BytesIO(source), "the given bytes", colour)
    name = os.fspath(source)
    if re.match(r"https?://", name, re.IGNORECASE):
        return _read(io.BytesIO(fetch(name, allow_private=allow_private)), name, colour)
    if scheme := re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://|(data):", name):
        raise PictureError(
            f"{_shown(name)} cannot be opened: only files, http:// and https:// can be read, "
            f"not {scheme[1] or scheme[2]}:"
        )
    if found := numbered(name):
        return open_tile(*found)
    with _open_file(name) as file:
        return _read(file, name, colour)


def open_tile(name: str, number: int) -> Image.Image:
    """One tile of the grid at `name`, counted from 1, from left to right and top to bottom.

    Raises:
        PictureError: there is no such tile, or `name` is no grid.
    """
    page = open_picture(name)  # first, so that a file which is no picture is told for what it is
    try:
        recipe, tiles = tile_recipe(name, number), read_recipe(name).tiles
    except RecipeError as fault:
        raise PictureError(str(fault)) from fault
    return tile(page, tiles or (1, 1), recipe.index, name)


def aspect(picture: Image.Image) -> str:
    """Width to height as people say it: "3:2" where that is true within 2 %, else in lowest terms.

    "1:1", "5:4", "4:3", "3:2", "16:10", "5:3", "16:9", "2:1", "21:9" and their upright twins.
    """
    width, height = picture.size
    names = [*_RATIOS, *(":".join(reversed(name.split(":"))) for name in _RATIOS[1:])]
    distance, nearest = min((_distance(name, width, height), name) for name in names)
    if distance <= math.log(1.02):
        return nearest
    shared = math.gcd(width, height)
    return f"{width // shared}:{height // shared}"


def _distance(ratio: str, width: int, height: int) -> float:
    across, down = map(int, ratio.split(":"))
    return abs(math.log(width * down / (height * across)))


def _colour(ground: str) -> tuple[int, int, int]:
    try:
        return ImageColor.getrgb(ground)[:3]
    except ValueError as fault:
        raise OptionError(f"{ground!r} is not a colour; try #ffffff, or a name as white") from fault


def _open_file(name: str) -> io.BufferedReader:
    """The file `name`, open; anything that is not an ordinary file is refused before reading."""
    try:
        mode = Path(name).stat().st_mode
        if stat.S_ISDIR(mode):
            raise PictureError(f"{_shown(name)} is a folder, not a picture")
        if not stat.S_ISREG(mode):  # a pipe would wait for ever, a device never end
            raise PictureError(f"{name} is not an ordinary file")
        return Path(name).open("rb")
    except FileNotFoundError as fault:
        raise PictureError(f"there is no picture at {name}") from fault
    except OSError as fault:
        raise PictureError(f"cannot read {_shown(name)}: {reason(fault)}") from fault
    except ValueError as fault:  # a NUL in the name
        raise PictureError(f"cannot read {name!r}: {fault}") from fault


def _read(
    file: io.BufferedReader | io.BytesIO, name: str, ground: tuple[int, int, int]
) -> Image.Image:
    head = b""
    try:
        head = file.read(256)
        file.seek(0)
        with warnings.catch_warnings():
            # Pillow only warns up to twice its limit; ours is lower and is an error.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(file, formats=_formats())
    except UnidentifiedImageError as fault:
        raise PictureError(f"{name} is not a picture that can be read: {_what(head)}") from fault
    except Image.DecompressionBombError as fault:
        raise PictureError(_too_large(name)) from fault
    except Exception as fault:
        # Decoders meet hostile files with errors of every kind; none of them is for a person.
        raise PictureError(f"{name} is damaged: {_short(fault)}") from fault
    with picture:
        return _decode(picture, name, ground)


def _decode(picture: Image.Image, name: str, ground: tuple[int, int, int]) -> Image.Image:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise PictureError(_too_large(name, f" ({width} x {height})"))
    if max(width, height) > MAX_SIDE:
        raise PictureError(
            f"{name} is too long ({width} x {height}): at most {MAX_SIDE} pixels a side are read"
        )
    if width < 1 or height < 1:
        raise PictureError(f"{name} has no pixels ({width} x {height})")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata is no business of the user's
            picture.load()
            return to_rgb(picture, ground)
    except Image.DecompressionBombError as fault:
        raise PictureError(_too_large(name)) from fault
    except Exception as fault:  # as above
        if "truncated" in str(fault) or isinstance(fault, EOFError):
            raise PictureError(f"{name} is cut short: a part of the file is missing") from fault
        raise PictureError(f"{name} is damaged: {_short(fault)}") from fault


def _formats() -> list[str]:
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _what(head: bytes) -> str:
    """What a file that is no picture seems to be, from its first bytes."""
    if not head:
        return "it is empty"
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        return "it is a HEIC photograph; save it as JPEG or PNG first"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml")):
        return "it is XML or SVG; save it as PNG first"
    printable = sum(byte >= 32 or byte in b"\t\n\r\f" for byte in head)
    return "it is text" if printable == len(head) else "PNG, JPEG, WebP, GIF, TIFF and BMP can be"


def _too_large(name: str, size: str = "") -> str:
    return f"{name} is too large{size}: at most {MAX_PIXELS // 1_000_000} megapixels are read"


def _shown(name: str) -> str:
    return (name if len(name) <= 80 else name[:79] + "…") or "''"


def _short(fault: Exception) -> str:
    words = " ".join(str(fault).split()) or type(fault).__name__
    return words if len(words) <= 80 else words[:79] + "…"
