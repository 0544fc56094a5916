"""Results of a benchmark kept in a folder, so that what is finished is not made again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import ValidationError

from lookalike.core.errors import LookalikeError
from lookalike.core.files import read_json, write_bytes, write_json
from lookalike.core.pictures import open_picture, png_bytes
from lookalike.evaluate.making import Shown
from lookalike.evaluate.subjects import Domain
from lookalike.evaluate.table import Row

SHOWN = 6
"""References whose pictures are kept for a sheet."""


@dataclass(frozen=True)
class Kept:
    """Where one row's results lie: named for the row, and for all that they depend on."""

    folder: Path
    method: str
    settings: dict[str, Any]

    @property
    def file(self) -> Path:
        """The row's scores, with the settings they were made with."""
        text = json.dumps(self.settings, sort_keys=True).encode()
        name = re.sub(r"[^a-z0-9]+", "-", self.method.lower())
        return self.folder / f"{name}-{hashlib.sha256(text).hexdigest()[:12]}.json"

    @property
    def strip(self) -> Path:
        """Pictures of the first references: likenesses above edits."""
        return self.file.with_suffix(".png")

    def load(self) -> Row | None:
        """The row, if it is finished.

        Raises:
            LookalikeError: the file is there but is none of ours.
        """
        if not self.file.exists():
            return None
        try:
            return Row.model_validate(read_json(self.file)["row"])
        except (ValidationError, KeyError, TypeError) as fault:
            raise LookalikeError(
                f"{self.file} holds no result of this benchmark; remove it to make it again"
            ) from fault

    def save(self, row: Row, shown: Sequence[Shown]) -> None:
        """Write the pictures, and then the row: where it is, they are."""
        write_bytes(self.strip, png_bytes(_strip(shown[:SHOWN])))
        found = {"settings": self.settings, "row": row.model_dump(mode="json")}
        write_json(self.file, found)

    def pictures(self) -> tuple[list[Image.Image], list[Image.Image]]:
        """Likenesses and edits of the first references; no edits where none were made."""
        strip = open_picture(self.strip)
        side = strip.height // 2
        rows = [
            [strip.crop((x, y, x + side, y + side)) for x in range(0, strip.width, side)]
            for y in (0, side)
        ]
        return rows[0], rows[1]


def digest(domain: Domain) -> str:
    """The SHA-256 of all that a domain's figures depend on: pictures, captions and edits."""
    found = hashlib.sha256()
    for subject in domain.subjects:
        found.update(repr((subject.name, subject.caption, subject.look, subject.edits)).encode())
    every = [*(p for one in domain.subjects for p in one.pictures), *domain.others]
    for picture in every:
        found.update(repr(picture.size).encode() + picture.tobytes())
    return found.hexdigest()


def _strip(shown: Sequence[Shown]) -> Image.Image:
    side = shown[0].likeness[0].width
    page = Image.new("RGB", (side * len(shown), 2 * side), "white")
    for place, one in enumerate(shown):
        page.paste(one.likeness[0], (place * side, 0))
        if one.edits:
            page.paste(one.edits[0], (place * side, side))
    return page
