"""Restyle against the first paper's way, and against Gram matrices with Adam at two sizes.

The race of `python -m benchmarks.restyle`, small by default; `--only full` runs it as large and as
long as that command does, which takes a quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks import restyle
from benchmarks.measuring import Asked, Row

GOAL = 1 / 3
RIVALS = ("gatys2016", "adam-gram")
SIZES = {"full": (160, restyle.ITERATIONS), "small": (96, 100), "quick": (64, 20)}


def rows(asked: Asked) -> Iterator[Row]:
    """How soon ours is as near to the style as a rival ever gets, by either measure."""
    size = "full" if "full" in asked.only else "quick" if asked.quick else "small"
    side, iterations = SIZES[size]
    torch.set_num_threads(1)  # as the race is timed by processor seconds
    for name, found in restyle.race(side, iterations, RIVALS).items():
        if "times_sooner" in found:
            yield _row(name, found, f"{side} pixels, {iterations} steps")


def _row(name: str, found: restyle.Figures, how: str) -> Row:
    times = found["times_sooner"]
    return Row(
        part="restyle",
        what=f"{name}, {how}",
        ours=found["seconds"],
        theirs=found["their_seconds"],
        ratio=1 / times if times else None,
        goal=GOAL if times else None,
        note=f"{times:.1f} times sooner" if times else "ours never got as near",
    )
