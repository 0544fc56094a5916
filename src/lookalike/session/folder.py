"""A folder of pictures: opened whole, the broken ones left out and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL.Image import Image

from lookalike.core.errors import PictureError
from lookalike.core.files import reason
from lookalike.core.pictures import open_picture

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
FEWEST = 2


@dataclass(frozen=True, eq=False)
class Folder:
    """The pictures of a folder in the order of their names, and what could not be read."""

    path: Path
    names: Sequence[str]
    pictures: Sequence[Image]
    broken: Sequence[str]

    @property
    def skipped(self) -> str:
        """What was left out, in a line; empty where nothing was."""
        if not self.broken:
            return ""
        shown = ", ".join(self.broken[:5]) + (", …" if len(self.broken) > 5 else "")
        return f"{len(self.broken)} of {self.path}'s files cannot be read and are left out: {shown}"


def open_folder(path: Path) -> Folder:
    """All pictures that lie in a folder, not those in folders inside it.

    Raises:
        PictureError: it is no folder, or holds fewer than two pictures that can be read.
    """
    if not path.is_dir():
        what = "is a file" if path.exists() else "is not there"
        raise PictureError(f"{path} {what}; name a folder of pictures")
    try:
        files = sorted(f for f in path.iterdir() if f.suffix.lower() in SUFFIXES and f.is_file())
    except OSError as fault:
        raise PictureError(f"cannot read {path}: {reason(fault)}") from fault
    names, pictures, broken = [], [], []
    for file in files:
        try:
            pictures.append(open_picture(file))
            names.append(file.name)
        except PictureError:
            broken.append(file.name)
    found = Folder(path, names, pictures, broken)
    if len(pictures) >= FEWEST:
        return found
    left = f" ({found.skipped})" if broken else ""
    if pictures:
        raise PictureError(
            f"{path} holds one picture, {names[0]}, and a domain needs at least {FEWEST}, better "
            f"100; `lookalike learn` learns from one to five{left}"
        )
    raise PictureError(f"{path} holds no pictures ({', '.join(SUFFIXES)}){left}")
