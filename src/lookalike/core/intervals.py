"""How sure a mean over references is: intervals by bootstrap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from pydantic import Field

from lookalike.core.record import Record

RESAMPLES = 2000
LEVEL = 0.95

Score = float | None
"""A reference's score; None where there was nothing to judge."""


class Interval(Record):
    """A mean and the interval that it lies in with a probability of 95 %."""

    mean: float = Field(description="The mean.")
    low: float = Field(description="The interval's lower end.")
    high: float = Field(description="Its upper end.")

    @property
    def above(self) -> bool:
        """Whether all of the interval lies above 0."""
        return self.low > 0

    @property
    def below(self) -> bool:
        """Whether all of the interval lies below 0."""
        return self.high < 0


def interval(scores: Sequence[Score], seed: int = 0, resamples: int = RESAMPLES) -> Interval | None:
    """The mean of one score for each reference, with its percentile bootstrap interval.

    References are drawn again, never pictures: those of one reference stand or fall together, so
    a reference counts once, with the mean of its pictures (Efron and Tibshirani 1993, chapter 13).
    None where no reference was judged.
    """
    known = np.array([each for each in scores if each is not None], np.float64)
    if not len(known):
        return None
    drawn = np.random.default_rng(seed).integers(0, len(known), (resamples, len(known)))
    low, high = _ends(known[drawn].mean(1))
    mean = float(known.mean())
    # Rounding may put the mean of equal numbers a hair outside of their interval.
    return Interval(mean=mean, low=min(low, mean), high=max(high, mean))


def difference(
    one: Sequence[Score], other: Sequence[Score], seed: int = 0, resamples: int = RESAMPLES
) -> Interval | None:
    """`one` minus `other`, two methods' scores of the same references in the same order.

    Paired: what makes a reference hard for both is no part of the doubt. References that either
    was not judged on are left out.
    """
    pairs = zip(one, other, strict=True)
    return interval([None if a is None or b is None else a - b for a, b in pairs], seed, resamples)


def spread(value: float, without: Float[np.ndarray, " references"]) -> Interval:
    """The interval of a figure that is no mean, by the jackknife.

    `without` holds the figure computed without each reference in turn. A bootstrap would not do
    for a Fréchet distance: drawing pictures twice narrows a set, which moves the figure itself.
    """
    count = len(without)
    error = float(np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum()))
    return Interval(mean=value, low=value - 1.96 * error, high=value + 1.96 * error)


def _ends(means: Float[np.ndarray, " resamples"]) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
