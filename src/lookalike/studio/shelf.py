"""Files called by the SHA-256 of what is in them: written at once, and never another's content."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from lookalike.core.errors import PictureError
from lookalike.core.fetch import fetch
from lookalike.core.files import write_bytes
from lookalike.core.library import Library, is_saved_name, name_of
from lookalike.core.pictures import open_picture
from lookalike.core.png import Sign, png_bytes, recipe_in

MARK = "sha256:"
"""How the name of a picture on the shelf begins."""

_NAME = re.compile(r"[0-9a-f]{64}\.(png|safetensors)")
_DATA = re.compile(r"data:image/[a-z0-9.+-]{1,20};base64,", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True)
class Shelf:
    """The folder of files, and the limits on what is put there from outside."""

    folder: Path
    most_bytes: int = 20 * 2**20
    most_pixels: int = 24_000_000
    sign: Sign | None = None  # what is made here is signed by it

    def keep(self, data: bytes, ending: str = "png") -> str:
        """Keep a file that was made here, signed where pictures are, and give its name."""
        return self.put(self.sign(data) if self.sign and ending == "png" else data, ending)

    def put(self, data: bytes, ending: str = "png") -> str:
        """Keep a file, and give its name; what is there already is left as it is."""
        name = f"{hashlib.sha256(data).hexdigest()}.{ending}"
        if not (self.folder / name).is_file():
            write_bytes(self.folder / name, data)
        return name

    def path(self, name: str) -> Path:
        """Where a file lies; `PictureError` for a name that is none of ours, or is not there."""
        if not _NAME.fullmatch(name) or not (self.folder / name).is_file():
            raise PictureError(f"there is no file {name[:80]}")
        return self.folder / name

    def names(self) -> Iterator[str]:
        """The names of all files that are there."""
        return (each.name for each in self.folder.iterdir() if _NAME.fullmatch(each.name))

    def drop(self, name: str) -> None:
        """Remove a file."""
        (self.folder / name).unlink(missing_ok=True)

    def has(self, mark: str | None) -> bool:
        """Whether a picture is there that is called `sha256:…`."""
        name = f"{(mark or '').removeprefix(MARK)}.png"
        return bool(_NAME.fullmatch(name)) and (self.folder / name).is_file()

    def picture(self, mark: str) -> Path:
        """The file of a picture that is called `sha256:…`."""
        if not self.has(mark):
            raise PictureError(f"there is no picture {mark[:80]}; upload it first")
        return self.folder / f"{mark.removeprefix(MARK)}.png"

    def take(self, said: str) -> str:
        """What a request calls a picture, as `sha256:…` on the shelf, or as `@name`.

        Paths are refused: whoever sends requests has no business in this machine's files.
        """
        if said.startswith(MARK):
            self.picture(said)
            return said
        if is_saved_name(said):
            Library().open(said)
            return f"@{name_of(said)}"
        if _ADDRESS.match(said):
            return self.receive(fetch(said), said)
        if found := _DATA.match(said):
            return self.receive(_decoded(said[found.end() :], self.most_bytes), "the given data")
        raise PictureError(
            f"{said[:80]!r} is no picture here: upload it, and give the sha256:… that you get, an "
            "http(s) address, @name, or data:image/png;base64,…"
        )

    def receive(self, data: bytes, name: str) -> str:
        """Put a picture that comes from outside on the shelf: its pixels, and its recipe if it has.

        It is drawn anew as PNG, so that nothing else that was in the file stays.
        """
        if len(data) > self.most_bytes:
            raise PictureError(f"{name} is larger than {self.most_bytes // 2**20} MiB")
        self._check_size(data, name)
        picture = _opened(data, name)
        return f"{MARK}{self.put(png_bytes(picture, recipe_in(data))).removesuffix('.png')}"

    def _check_size(self, data: bytes, name: str) -> None:
        """Raise for too many pixels by the header alone; what has none the picture door refuses."""
        try:
            with Image.open(io.BytesIO(data)) as seen:
                width, height = seen.size
        except Exception:  # decoders meet hostile files with errors of every kind
            return
        if width * height > self.most_pixels:
            raise PictureError(
                f"{name} is too large ({width} x {height}): at most "
                f"{self.most_pixels // 1_000_000} megapixels are taken"
            )


def _opened(data: bytes, name: str) -> Image.Image:
    try:
        return open_picture(data)
    except PictureError as fault:
        raise PictureError(str(fault).replace("the given bytes", name, 1)) from fault


def _decoded(text: str, most: int) -> bytes:
    if len(text) > most * 4 // 3 + 4:
        raise PictureError(f"the given data is larger than {most // 2**20} MiB")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as fault:
        raise PictureError(f"the given data is no base64: {str(fault).lower()}") from fault
