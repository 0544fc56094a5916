"""Figures: the rows that are kept in one JSON file, part by part, with the machine they ran on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measuring.rows import Row
from lookalike.core.files import read_json, write_json

FIGURES = Path(__file__).parent.parent / "figures"
SPEED = FIGURES / "speed.json"
LIBRARIES = ("torch", "diffusers", "transformers")


def kept(place: Path = SPEED) -> list[Row]:
    """All rows of the file, in its order; none where there is no file yet."""
    found = read_json(place) if place.is_file() else {}
    return [Row.model_validate(row) for part in found.values() for row in part["rows"]]


def keep(new: Iterable[Row], place: Path = SPEED, *, whole: str | None = None) -> None:
    """Put rows in the place of those of the same name; all others stay.

    Where `new` is the `whole` of a part, what it no longer has is dropped.
    """
    found: dict[str, Any] = read_json(place) if place.is_file() else {}
    for row in new:
        part = found.setdefault(row.part, {})
        part["machine"] = machine()
        rows = {one["what"]: one for one in part.get("rows", [])}
        rows[row.what] = row.model_dump(exclude_none=True)
        part["rows"] = list(rows.values())
    if whole is not None and whole in found:
        names = {row.what for row in new if row.part == whole}
        found[whole]["rows"] = [one for one in found[whole]["rows"] if one["what"] in names]
    write_json(place, dict(sorted(found.items())))


def machine() -> dict[str, Any]:
    """What the figures depend on: processor, how much of it, GPU, and the libraries."""
    import torch

    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    names = Path("/proc/cpuinfo")
    lines = names.read_text().splitlines() if names.is_file() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
