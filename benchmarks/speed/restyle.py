"""Restyle against the first paper's way, and against Gram matrices with Adam at two sizes.

The race of `python -m benchmarks.restyle`, small by default; `--only full` runs it as large and as
long as that command does, which takes a quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

import torch

from benchmarks import restyle
from benchmarks.measuring import Asked, Row

GOAL = 1 / 3
SIZES = {"full": (160, restyle.ITERATIONS), "small": (96, 100), "quick": (64, 20)}


def rows(asked: Asked) -> Iterator[Row]:
    """How soon ours is as near to the style as a rival ever gets, by either measure."""
    size = "full" if "full" in asked.only else "quick" if asked.quick else "small"
    side, iterations = SIZES[size]
    torch.set_num_threads(1)  # as the race is timed by processor seconds
    found = restyle.races(side, iterations).values()
    first = next(iter(found))
    for name in (name for name, figures in first.items() if "times_sooner" in figures):
        yield row(f"{name}, {side} pixels, {iterations} steps", [one[name] for one in found])


def row(what: str, found: Sequence[restyle.Figures]) -> Row:
    """Medians over pairs; where ours was never as near as a rival, it is no times sooner."""
    sooner = [one["times_sooner"] for one in found]
    middle = median(sooner)
    told = ", ".join(f"{times:.1f}" if times else "never" for times in sooner)
    return Row(
        part="restyle",
        what=what,
        ours=median(one["seconds"] for one in found),
        theirs=median(one["their_seconds"] for one in found),
        ratio=1 / middle if middle else None,
        goal=GOAL,
        note=f"{told} times sooner by pair",
    )
