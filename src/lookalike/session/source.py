"""Reference pictures: opened, fingerprinted, and found again when a recipe names them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from lookalike.core.errors import PictureError, RecipeError
from lookalike.core.fetch import fetch
from lookalike.core.files import sha256
from lookalike.core.grids import numbered
from lookalike.core.library import Library, is_saved_name, name_of
from lookalike.core.pictures import PictureSource, open_picture, png_bytes

_UNNAMED = "sha256:"
_ADDRESSES = ("http://", "https://")

SHELF: ContextVar[Path | None] = ContextVar("SHELF", default=None)
"""A folder whose pictures are called "sha256:…", by the SHA-256 of their files; the studio's."""


@dataclass(frozen=True, eq=False)
class Source:
    """A picture that something leans on: what it was called, its pixels, its file's SHA-256.

    One that came without a name is called by its SHA-256: that of its bytes, or where it was open
    already, that of the PNG file that saving it gives.
    """

    name: str
    picture: Image.Image
    sha256: str
    prompt: Path | None = None  # what was learnt of it, where the library keeps that too


def listed(pictures: PictureSource | Sequence[PictureSource]) -> list[PictureSource]:
    """The pictures as a list, also where one was given alone."""
    if isinstance(pictures, str | bytes | os.PathLike | Image.Image):
        return [pictures]
    return list(pictures)


def open_source(source: PictureSource) -> Source:
    """Open a picture and fingerprint its file; `PictureError` names the one that cannot be read.

    Text that begins with @ is a name of the saved library.
    """
    if isinstance(source, Image.Image):
        picture = open_picture(source)
        return _unnamed(picture, png_bytes(picture))
    if isinstance(source, bytes):
        return _unnamed(open_picture(source), source)
    if is_saved_name(source):
        return _saved(str(source))
    name = os.fspath(source)
    if name.startswith(_UNNAMED) and (shelf := SHELF.get()) is not None:
        digest = name.removeprefix(_UNNAMED)
        return Source(name, open_picture(shelf / f"{digest}.png"), digest)
    if is_saved_name(name):  # a path, which has lost its "./"
        name = f"./{name}"
    if name.lower().startswith(_ADDRESSES):
        return _fetched(name)
    # Opened first: the door refuses pipes and folders, which must not be hashed.
    return Source(name, open_picture(name), _hashed(name))


def _hashed(name: str) -> str:
    """The SHA-256 of the file; of a grid's tile, that of the grid."""
    found = numbered(name)
    return sha256(Path(found[0] if found else name))


def _unnamed(picture: Image.Image, data: bytes) -> Source:
    digest = hashlib.sha256(data).hexdigest()
    return Source(f"{_UNNAMED}{digest}", picture, digest)


def _saved(said: str) -> Source:
    library, name = Library(), f"@{name_of(said)}"
    return Source(name, library.open(name), library.get(name).sha256, library.prompt(name))


def _fetched(address: str) -> Source:
    data = fetch(address)
    try:
        picture = open_picture(data)
    except PictureError as fault:
        raise PictureError(str(fault).replace("the given bytes", address, 1)) from fault
    return Source(address, picture, hashlib.sha256(data).hexdigest())


def find_again(
    name: str, digest: str, made: Path, learnt: str | None = None, shelf: Path | None = None
) -> Source:
    """The reference of a recipe in the picture `made`, where it is there and unchanged.

    A file is looked for under its name, on the `shelf` of a studio, and beside `made`, where the
    two may have moved together; a picture of the saved library by its SHA-256, whatever it is
    called by now, and with what was `learnt` of it (that file's SHA-256) where the recipe names
    that.

    Raises:
        RecipeError: it is not there, or it is another picture by now.
    """
    if name.lower().startswith(_ADDRESSES):
        found = _fetched(name)
        if found.sha256 != digest:
            raise RecipeError(_changed(name, made))
        return found
    if is_saved_name(name):
        return _kept(name, digest, made, learnt)
    places = _places(name, digest, made, shelf)
    present = [path for path in places if path.is_file() or numbered(str(path))]
    for path in present:
        if _hashed(str(path)) == digest:
            return Source(name, open_picture(path), digest)
    if present and not name.startswith(_UNNAMED):
        raise RecipeError(_changed(name, made))
    raise RecipeError(_missing(name, made, shelf))


def _kept(name: str, digest: str, made: Path, learnt: str | None) -> Source:
    library = Library()
    now = library.holding(digest, learnt)
    if now is not None:
        prompt = library.prompt(now) if learnt else None
        return Source(name, library.picture(now), digest, prompt)
    if name.removeprefix("@") in library.names():
        raise RecipeError(_changed(name, made))
    raise RecipeError(f"{made} was made from {name}, which is not in the library; save it again")


def _places(name: str, digest: str, made: Path, shelf: Path | None) -> Iterator[Path]:
    beside, file = made.parent, f"{digest}.png"  # as the studio calls its files
    if not name.startswith(_UNNAMED):
        yield from (Path(name), beside / name, beside / Path(name).name)
    if shelf is not None:
        yield shelf / file
    if name.startswith(_UNNAMED):
        yield beside / file
        yield from sorted(beside.glob("*.png"))


def _missing(name: str, made: Path, shelf: Path | None) -> str:
    if shelf is None or not name.startswith(_UNNAMED):
        return f"{made} was made from {name}, which is not there; put it beside the picture"
    return (
        f"{made} was made from {name}, which is neither beside it nor in {shelf}; put it beside "
        "the picture, or name the folder of the studio that has it with --data"
    )


def _changed(name: str, made: Path) -> str:
    return f"{name} has changed since {made} was made from it: its SHA-256 is another"
