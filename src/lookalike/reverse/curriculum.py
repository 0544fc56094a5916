"""The curriculum: training rows from easy to hard, by how well a plain run came to tell them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from lookalike.reverse.manifest import DataError
from lookalike.reverse.vectors import check_rows

SHARES: Mapping[str, tuple[Fraction, ...]] = {
    "unet": (Fraction(1, 4), Fraction(1, 3), Fraction(1, 2), Fraction(1)),
    "vision": (Fraction(1, 3), Fraction(1, 2), Fraction(1)),
    "clip": (Fraction(1, 2), Fraction(1)),
}
"""The published shares of the rows, easy ones first, that each stage trains on."""


def difficulty(cosines: Float[np.ndarray, "snapshots rows"]) -> Float[np.ndarray, " rows"]:
    """1 less the mean cosine of each row over a plain run's snapshots, first to last.

    The cosines are the model's own, on the rows that it trains on. The n-th snapshot has the weight
    n: the last, which knows most, weighs most.

    Raises:
        DataError: no snapshots, or cosines that are no numbers.
    """
    check_rows("the snapshots of the curriculum", cosines)
    weights = np.arange(1, len(cosines) + 1) / math.comb(len(cosines) + 1, 2)
    return 1 - weights @ np.asarray(cosines, np.float64)


def order_of(difficulties: Float[np.ndarray, " rows"]) -> Int[np.ndarray, " rows"]:
    """The rows from easy to hard; those of the same difficulty as they stand."""
    return np.argsort(difficulties, kind="stable")


def stages(
    order: Int[np.ndarray, " rows"], shares: Sequence[float | Fraction], steps: int
) -> list[tuple[Int[np.ndarray, " some"], int]]:
    """The rows and the number of steps of each stage: growing prefixes of the order.

    The steps are as equal as they can be and `steps` in sum: a schedule of learning rates runs over
    `steps`. A stage that gets no step is left out, so that the last, of all rows, is always there.

    Raises:
        DataError: there are no rows, or the shares do not grow from above 0 to 1.
    """
    bounds = [0, *shares]
    if bounds[-1] != 1 or any(one >= other for one, other in pairwise(bounds)):
        told = ", ".join(map(str, shares)) or "none"
        raise DataError(f"the shares of a curriculum should grow from above 0 to 1, not {told}")
    if not len(order):
        raise DataError("a curriculum needs rows to order")
    ends = [steps * place // len(shares) for place in range(len(bounds))]
    return [
        (order[: math.ceil(share * len(order))], end - start)
        for share, (start, end) in zip(shares, pairwise(ends), strict=True)
        if end > start
    ]
