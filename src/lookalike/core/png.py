"""Pictures out: PNG files that carry the recipe which makes them again, and its way back."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, PngImagePlugin
from pydantic import ValidationError

from lookalike.core.errors import OutputError, RecipeError
from lookalike.core.files import next_free, reason, write_new
from lookalike.core.grids import numbered
from lookalike.core.record import explain
from lookalike.core.records import Recipe

_KEY = "lookalike"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_TEXT = 16 * 2**20  # bytes; a recipe has a few thousand


def png_bytes(picture: Image.Image, recipe: Recipe | None = None) -> bytes:
    """`picture` as a PNG file, with `recipe` as JSON in an iTXt chunk named "lookalike"."""
    text = PngImagePlugin.PngInfo()
    if recipe is not None:
        text.add_itxt(_KEY, recipe.model_dump_json())
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", pnginfo=text)
    return buffer.getvalue()


Sign = Callable[[bytes], bytes]
"""What makes a signed picture file of one."""


def save_picture(
    picture: Image.Image, path: Path, recipe: Recipe | None = None, sign: Sign | None = None
) -> None:
    """Write `picture` to `path` at once; `OutputError` where something of that name is there."""
    data = png_bytes(picture, recipe)
    write_new(path, sign(data) if sign else data)


def save_numbered(
    picture: Image.Image, folder: Path, stem: str, recipe: Recipe, sign: Sign | None = None
) -> Path:
    """Write `picture` under the next free number behind `stem`, and give the path."""
    while True:
        path = next_free(folder, stem, ".png")
        try:
            save_picture(picture, path, recipe, sign)
        except OutputError:
            if not path.exists():
                raise
            continue  # another run took the name in between
        return path


def read_recipe(source: str | os.PathLike[str]) -> Recipe:
    """The recipe in the PNG at `source`; `RecipeError` if there is none or it is damaged.

    "grid.png#3" is the third tile of a grid: its recipe is that of the picture alone.
    """
    if found := numbered(os.fspath(source)):
        return tile_recipe(*found)
    try:
        with Path(source).open("rb") as file:
            text = _text(file, os.fspath(source))
    except FileNotFoundError as fault:
        raise RecipeError(f"there is no picture at {source}") from fault
    except OSError as fault:
        raise RecipeError(f"cannot read {source}: {reason(fault)}") from fault
    try:
        return Recipe.model_validate_json(text)
    except ValidationError as fault:
        why = explain(fault, Recipe.model_fields)
        raise RecipeError(f"the recipe in {source} cannot be read: {why}") from fault


def recipe_in(data: bytes) -> Recipe | None:
    """The recipe in the bytes of a picture file, or None: most pictures carry none."""
    try:
        return Recipe.model_validate_json(_text(io.BytesIO(data), "the given bytes"))
    except (RecipeError, ValidationError):
        return None


def tile_recipe(name: str, number: int) -> Recipe:
    """The recipe of one tile of the grid at `name`, counted from 1, as its own picture has it."""
    recipe = _grid_recipe(name)
    count = len(recipe.seeds)
    if not 1 <= number <= count:
        raise RecipeError(f"{name} has no tile {number}: its tiles are 1 to {count}")
    return recipe.model_copy(update={"index": number - 1, "tiles": None})


def _grid_recipe(name: str) -> Recipe:
    try:
        recipe = read_recipe(name)
    except RecipeError as fault:
        raise RecipeError(f"{name} has no tiles to take: {fault}") from fault
    if recipe.tiles is None:
        raise RecipeError(f"{name} has no tiles to take: it is a single picture, not a grid")
    return recipe


def chunks(data: bytes, wanted: bytes) -> Iterator[bytes]:
    """The data of every chunk of one kind in the bytes of a PNG file; of no other file any."""
    if data.startswith(_SIGNATURE):
        yield from _chunks(io.BytesIO(data[len(_SIGNATURE) :]), "the given bytes", wanted)


def _text(file: io.BufferedReader | io.BytesIO, name: str) -> bytes:
    """What the chunk named "lookalike" holds, found without decoding the picture."""
    if file.read(len(_SIGNATURE)) != _SIGNATURE:
        raise RecipeError(f"{name} is not a PNG; only PNG files carry a recipe")
    for data in _chunks(file, name, b"iTXt"):
        key, _, rest = data.partition(b"\0")
        if key == _KEY.encode():
            return _unpacked(rest, name)
    raise RecipeError(f"{name} carries no recipe; only pictures that lookalike made do")


def _chunks(file: io.BufferedReader | io.BytesIO, name: str, wanted: bytes) -> Iterator[bytes]:
    """The data of every chunk of one kind: length, kind, data, checksum (PNG, section 5.3)."""
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind != wanted or length > _MAX_TEXT:
            file.seek(length + 4, os.SEEK_CUR)
            continue
        data, checksum = file.read(length), file.read(4)
        if checksum != struct.pack(">I", zlib.crc32(kind + data)):
            raise RecipeError(f"{name} is damaged: its recipe does not match its checksum")
        yield data


def _unpacked(rest: bytes, name: str) -> bytes:
    """The text of an iTXt chunk behind its keyword, which other programs may have compressed."""
    _language, _, after = rest[2:].partition(b"\0")
    _translated, _, text = after.partition(b"\0")
    if rest[:1] != b"\1":
        return text
    with contextlib.suppress(zlib.error):
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(text, _MAX_TEXT)
        if unpacker.eof:
            return plain
    raise RecipeError(f"{name} is damaged: its recipe cannot be unpacked")
