"""Calibration: logits made into probabilities that come true as often as they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from lookalike.reverse.manifest import DataError

PRIOR = 0.1
"""How strongly slope and biases are held to 1 and 0, in rows: enough that a word which no row has,
or which the logits tell without a fault, gets a finite bias."""

STEPS = 100
ENOUGH = 1e-10
"""The decrement of Newton's method, for each row, at which it ends."""

Scores = Float[np.ndarray, "rows words"]


@dataclass(frozen=True, eq=False)
class Calibration:
    """One slope (the inverse of a temperature) for all logits, and a bias for each word."""

    slope: float
    bias: Float[np.ndarray, " words"]

    @classmethod
    def fit(cls, logits: Scores, truths: Bool[np.ndarray, "rows words"]) -> Calibration:
        """Fit on validation by Newton's method to the log loss and the prior.

        Raises:
            DataError: there is nothing to fit to, or it is no number.
        """
        if not logits.size or not np.isfinite(logits).all():
            raise DataError("a calibration needs logits, and none that are NaN or infinite")
        z, now = np.asarray(logits, np.float64), cls(1.0, np.zeros(logits.shape[1]))
        for _ in range(STEPS):
            step, decrement = _newton(now, z, truths)
            if decrement < ENOUGH * len(z):
                break
            now = _halved(now, step, decrement, z, truths)
        return now

    def probabilities(self, logits: Scores) -> Scores:
        """The probability of each word, in float64."""
        # By tanh, which overflows nowhere.
        return (1 + np.tanh(self.raised(np.asarray(logits, np.float64)) / 2)) / 2

    def raised(self, logits: Scores) -> Scores:
        """The calibrated logits."""
        return self.slope * logits + self.bias

    def moved(self, step: Calibration, share: float) -> Calibration:
        """The same, a share of a step away."""
        return Calibration(self.slope - share * step.slope, self.bias - share * step.bias)


def loss(now: Calibration, logits: Scores, truths: Bool[np.ndarray, "rows words"]) -> float:
    """The log loss and the prior, summed."""
    raised = now.raised(logits)
    prior = (now.slope - 1) ** 2 + (now.bias**2).sum()
    return float((np.logaddexp(0, raised) - truths * raised).sum() + PRIOR / 2 * prior)


def _newton(
    now: Calibration, logits: Scores, truths: Bool[np.ndarray, "rows words"]
) -> tuple[Calibration, float]:
    """Newton's step, and by how much it would lower the loss if that were a parabola, twice.

    The Hessian is an arrow: each bias meets the slope alone, so that the slope's part is had by
    leaving out the biases one by one, and no matrix is inverted.
    """
    p = now.probabilities(logits)
    spread = p * (1 - p)
    slope, bias = ((p - truths) * logits).sum(), (p - truths).sum(0)
    slope, bias = slope + PRIOR * (now.slope - 1), bias + PRIOR * now.bias
    corner = (spread * logits**2).sum() + PRIOR
    edge, diagonal = (spread * logits).sum(0), spread.sum(0) + PRIOR
    first = (slope - (edge * bias / diagonal).sum()) / (corner - (edge**2 / diagonal).sum())
    rest = (bias - edge * first) / diagonal
    return Calibration(float(first), rest), float(slope * first + bias @ rest)


def _halved(
    now: Calibration,
    step: Calibration,
    decrement: float,
    logits: Scores,
    truths: Bool[np.ndarray, "rows words"],
) -> Calibration:
    """The calibration after the longest of the step's halves that lowers the loss enough."""
    start, share = loss(now, logits, truths), 1.0
    while loss(now.moved(step, share), logits, truths) > start - 0.1 * share * decrement:
        share /= 2
        if share < 1e-12:
            return now
    return now.moved(step, share)
