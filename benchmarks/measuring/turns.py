"""Turns: two ways of doing the same work, by turns, so that other load falls on both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Spent:
    """What work took: seconds on the clock, and seconds of all processors in this process."""

    seconds: float
    processor: float


@dataclass(frozen=True)
class Turns:
    """Medians over the turns; the ratios are medians of ours over theirs, turn by turn."""

    ours: Spent
    theirs: Spent
    ratio: float
    processor_ratio: float


def alternate(ours: Callable[[], object], theirs: Callable[[], object], repeats: int) -> Turns:
    """Time both by turns, after one turn that warms caches; who goes first alternates too."""
    ours(), theirs()
    turns = [_turn(ours, theirs, swapped=bool(n % 2)) for n in range(repeats)]
    mine, peer = ([turn[side] for turn in turns] for side in (0, 1))
    return Turns(
        ours=_median(mine),
        theirs=_median(peer),
        ratio=statistics.median(a.seconds / b.seconds for a, b in turns),
        processor_ratio=statistics.median(a.processor / b.processor for a, b in turns),
    )


def spend(work: Callable[[], object]) -> Spent:
    """Do work once, and tell what it took."""
    began, used = time.perf_counter(), time.process_time()
    work()
    _await_gpu()
    return Spent(time.perf_counter() - began, time.process_time() - used)


def _turn(
    ours: Callable[[], object], theirs: Callable[[], object], *, swapped: bool
) -> tuple[Spent, Spent]:
    if swapped:
        second, first = spend(theirs), spend(ours)
        return first, second
    return spend(ours), spend(theirs)


def _median(spent: list[Spent]) -> Spent:
    return Spent(
        statistics.median(each.seconds for each in spent),
        statistics.median(each.processor for each in spent),
    )


def _await_gpu() -> None:
    """Wait for work that a GPU was given: calls to it come back before it is done."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
