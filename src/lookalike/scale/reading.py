"""The first stage of a batch, which needs no model: a shard's pictures fetched and opened."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from lookalike.core.errors import LookalikeError
from lookalike.core.pictures import open_picture
from lookalike.scale.manifest import Row
from lookalike.scale.places import is_remote, join, read

MOST = 1024
"""The longer side, in pixels, that a picture is shrunk to before it travels between machines.

No model reads more of a picture: CLIP sees 224 pixels, SDXL 1024.
"""

Pixels = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class Shard:
    """Some rows of a manifest: those from `number` times the size of a shard."""

    number: int
    rows: Sequence[Row]


@dataclass(frozen=True)
class Opened:
    """A shard whose pictures are at hand, and what was wrong with the others, by key."""

    shard: Shard
    pictures: Mapping[str, Pixels]
    faults: Mapping[str, str]

    def packed(self) -> dict[str, Any]:
        """The same as numbers, texts and bytes, which travel between machines as they are."""
        return {
            "number": self.shard.number,
            "keys": [row.key for row in self.shard.rows],
            "values": [row.value for row in self.shard.rows],
            "seen": list(self.pictures),
            "heights": [each.shape[0] for each in self.pictures.values()],
            "pixels": [each.tobytes() for each in self.pictures.values()],
            "faulty": list(self.faults),
            "faults": list(self.faults.values()),
        }

    @classmethod
    def unpacked(cls, row: Mapping[str, Any]) -> Opened:
        """What `packed` gave."""
        rows = [Row(str(k), str(v)) for k, v in zip(row["keys"], row["values"], strict=True)]
        pictures = {
            str(key): np.frombuffer(pixels, np.uint8).reshape(int(height), -1, 3)
            for key, height, pixels in zip(row["seen"], row["heights"], row["pixels"], strict=True)
        }
        faults = {str(k): str(v) for k, v in zip(row["faulty"], row["faults"], strict=True)}
        return cls(Shard(int(row["number"]), rows), pictures, faults)


def opened(shard: Shard, folder: str, *, pictures: bool = True) -> Opened:
    """A shard with its pictures; paths that are not absolute begin at `folder`.

    Without `pictures` its rows are prompts, and there is nothing to open.
    """
    found: dict[str, Pixels] = {}
    faults: dict[str, str] = {}
    for row in shard.rows if pictures else ():
        try:
            found[row.key] = _pixels(row.value, folder)
        except LookalikeError as fault:
            faults[row.key] = str(fault)
        except (OSError, ValueError, MemoryError) as fault:  # a poison picture is one row's fault
            faults[row.key] = " ".join(f"{type(fault).__name__}: {fault}".split())[:300]
    return Opened(shard, found, faults)


def _pixels(place: str, folder: str) -> Pixels:
    picture = _open(place, folder)
    if max(picture.size) > MOST:
        picture.thumbnail((MOST, MOST), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _open(place: str, folder: str) -> Image.Image:
    if re.match(r"https?://", place, re.IGNORECASE):
        return open_picture(place)  # the door fetches it, and refuses private addresses
    if not is_remote(place):
        if is_remote(folder) and not Path(place).is_absolute():
            return open_picture(read(join(folder, place)))
        return open_picture(Path(folder) / place if not is_remote(folder) else Path(place))
    return open_picture(read(place))
