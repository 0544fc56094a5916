"""Tiny folders in the very format of DiffusionDB, with whatever defect is asked for."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

COLUMNS = {
    "image_name": "string",
    "prompt": "string",
    "part_id": "uint16",
    "seed": "uint32",
    "step": "uint16",
    "cfg": "float32",
    "sampler": "uint8",
    "width": "uint16",
    "height": "uint16",
    "user_name": "string",
    "timestamp": "timestamp[ms]",
    "image_nsfw": "float32",
    "prompt_nsfw": "float32",
}
"""The thirteen columns, in their order and as their types."""

NAMES = {1: "ddim", 2: "plms", 8: "k_lms", 9: "others"}


@dataclass(frozen=True)
class Shot:
    """One picture of the data set, as its authors would have had it."""

    name: str
    prompt: str | None
    part: int = 1
    seed: int = 4_000_000_001
    steps: int = 50
    guidance: float = 7.0
    sampler: int = 8
    size: tuple[int, int] = (24, 16)
    image_nsfw: float = 0.1
    prompt_nsfw: float = 0.2

    def made(self, **changes: Any) -> Shot:
        return replace(self, **changes)

    @property
    def row(self) -> dict[str, Any]:
        return {
            "image_name": self.name,
            "prompt": self.prompt,
            "part_id": self.part,
            "seed": self.seed,
            "step": self.steps,
            "cfg": self.guidance,
            "sampler": self.sampler,
            "width": self.size[0],
            "height": self.size[1],
            "user_name": "someone",
            "timestamp": None,
            "image_nsfw": self.image_nsfw,
            "prompt_nsfw": self.prompt_nsfw,
        }

    @property
    def told(self) -> dict[str, Any]:
        """Its entry in the JSON of a zip."""
        return {
            "p": self.prompt,
            "se": self.seed,
            "c": self.guidance,
            "st": self.steps,
            "sa": NAMES[self.sampler],
        }

    @property
    def png(self) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", self.size, (self.seed % 256, 40, 90)).save(buffer, "PNG")
        return buffer.getvalue()


def shots(part: int, count: int) -> list[Shot]:
    return [
        Shot(
            f"{part:02d}{place:02d}-a.png", f"prompt {part} {place}", part, seed=100 * part + place
        )
        for place in range(count)
    ]


def write_table(
    folder: Path, rows: Sequence[Shot], name: str = "metadata.parquet", group: int = 3
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([(key, pa.type_for_alias(kind)) for key, kind in COLUMNS.items()])
    made = pa.Table.from_pylist([row.row for row in rows], schema=schema)
    pq.write_table(made, folder / name, row_group_size=group)
    return folder / name


def write_zip(
    folder: Path,
    rows: Sequence[Shot],
    *,
    pictures: Mapping[str, bytes | None] | None = None,
    told: str | None = "",
) -> Path:
    """A part as it is published.

    `pictures` puts other bytes, or none, in the place of some; `told` other text in the place of
    the JSON, or none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"part-{rows[0].part:06d}.zip"
    with zipfile.ZipFile(path, "w") as pack:
        for each in rows:
            data = (pictures or {}).get(each.name, each.png)
            if data is not None:
                pack.writestr(each.name, data)
        own = json.dumps({each.name: each.told for each in rows})
        if told is not None:
            pack.writestr(f"part-{rows[0].part:06d}.json", told or own)
    return path
