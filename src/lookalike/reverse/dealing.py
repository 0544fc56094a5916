"""Deals clusters that must stay whole to parts, as near to their shares as that allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from lookalike.reverse.manifest import PARTS, DataError

UNREACHED = -1
"""A sum that no choice of the sizes looked at so far makes."""


def dealt(
    sizes: Int[np.ndarray, " clusters"], shares: tuple[float, float], seed: int
) -> Int[np.ndarray, " clusters"]:
    """Each cluster's part, as its place in `PARTS`; `shares` are those of validation and test.

    Test is dealt first, as near to its share as whole clusters come, and then validation of what
    is left. Which of several equal choices it is, is a matter of chance.

    Raises:
        DataError: no cluster is left for a part that should have some.
    """
    order = np.random.default_rng(seed).permutation(len(sizes))
    found = np.full(len(sizes), PARTS.index("train"))
    total = int(sizes.sum())
    wanted = (("test", shares[1]), ("validation", shares[0]))
    for place, (name, share) in enumerate(wanted):
        if not share:
            continue
        later = any(more for _, more in wanted[place + 1 :])
        free = [int(i) for i in order if found[i] == PARTS.index("train")]
        # At least one is for training, and one for the part that comes after.
        taken = nearest_sum([int(sizes[i]) for i in free], share * total, spare=1 + later)
        if not taken:
            raise DataError(f"the clusters are too few to give {name} a part; give more --clusters")
        found[[free[i] for i in taken]] = PARTS.index(name)
    return found


def nearest_sum(sizes: Sequence[int], target: float, spare: int = 0) -> list[int]:
    """The places of some of `sizes`, at least one, whose sum is as near to `target` as can be.

    Of choices that are equally near, one of early sizes is taken. At least `spare` sizes are left
    over: where the nearest choice would leave fewer, the smallest are set aside beforehand.
    """
    if len(sizes) <= spare:
        return []
    found = _nearest_sum(sizes, target)
    if len(sizes) - len(found) >= spare:
        return found
    kept = sorted(sorted(range(len(sizes)), key=lambda place: sizes[place])[spare:])
    return [kept[place] for place in _nearest_sum([sizes[place] for place in kept], target)]


def _nearest_sum(sizes: Sequence[int], target: float) -> list[int]:
    # What is more than twice the target is further off than anything below it.
    limit = max(int(2 * target), min(sizes))
    last = np.full(limit + 1, UNREACHED)
    last[0] = len(sizes)
    for place, size in enumerate(sizes):
        if size <= limit:
            fresh = (last[:-size] != UNREACHED) & (last[size:] == UNREACHED)
            last[size:][fresh] = place
    sums = np.flatnonzero(last != UNREACHED)[1:]
    left = int(sums[np.abs(sums - target).argmin()])
    taken: list[int] = []
    while left:
        # The size that reached this sum first: those before it reach the rest without it.
        taken.append(int(last[left]))
        left -= sizes[taken[-1]]
    return sorted(taken)
