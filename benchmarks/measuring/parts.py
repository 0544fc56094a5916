"""Parts: what `python -m benchmarks.speed` can run, found by the files of its folder."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from benchmarks.measuring.rows import Asked, Row
from lookalike.core.errors import OptionError, did_you_mean

FOLDER = Path(__file__).parent.parent / "speed"

Part = Callable[[Asked], Iterator[Row]]
"""What a part's file has under the name `rows`."""


def names(folder: Path = FOLDER) -> list[str]:
    """The parts, by their files; those that begin with an underscore are helpers."""
    return sorted(file.stem for file in folder.glob("*.py") if not file.stem.startswith("_"))


def part(name: str) -> Part:
    """The function of a part that yields its rows."""
    if name not in names():
        known = ", ".join(names())
        raise OptionError(
            f"there is no part {name}{did_you_mean(name, names())}; there are {known}"
        )
    return cast(Part, importlib.import_module(f"benchmarks.speed.{name}").rows)
