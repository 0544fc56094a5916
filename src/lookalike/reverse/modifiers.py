"""Modifiers: which words of the vocabulary a picture's prompt has, said with calibrated doubt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from lookalike.reverse.manifest import DataError

Scores = Float[np.ndarray, "rows words"]
Marks = Bool[np.ndarray, "rows words"]

BINS = 15
"""Of equal width, over which the calibration error is taken (Guo et al. 2017)."""


@dataclass(frozen=True)
class Agreement:
    """How far two sets of words agree: over all words at once, and as the mean over rows."""

    micro: float
    per_row: float


def thresholds(probabilities: Scores, truths: Marks) -> Float[np.ndarray, " words"]:
    """The probability from which on each word is said: the one with the best F1 of that word.

    Fitted on validation. Ties go to the highest threshold; a word that no row has is never said
    (its threshold is infinite), since nothing shows from where on it would be right.
    """
    _check(probabilities, truths)
    order = np.argsort(-probabilities, axis=0, kind="stable")
    ranked = np.take_along_axis(np.asarray(probabilities, np.float64), order, 0)
    hits = np.take_along_axis(truths, order, 0).cumsum(0)
    counts = np.arange(1, len(ranked) + 1)[:, None]
    scores = 2 * hits / (counts + truths.sum(0))
    below = np.vstack([ranked[1:], np.full((1, ranked.shape[1]), -np.inf)])
    # Rows of the same probability are said together or not at all.
    scores[ranked == below] = -1
    best = scores.argmax(0)[None]
    last, following = np.take_along_axis(ranked, best, 0)[0], np.take_along_axis(below, best, 0)[0]
    middle = (last + following) / 2
    # Between the last that is said and the next; where no number lies between, or there is no
    # next, at the last itself.
    found = np.where(np.isfinite(following) & (middle > following), middle, last)
    return np.where(truths.any(0), found, np.inf)


def said(probabilities: Scores, at: Float[np.ndarray, " words"]) -> Marks:
    """The words whose probability reaches their threshold."""
    return np.asarray(probabilities, np.float64) >= at


def f1(predicted: Marks, true: Marks) -> Agreement:
    """2 · both / (said + true); two sets without a word agree wholly."""
    both, one, other = predicted & true, predicted.sum(1), true.sum(1)
    return Agreement(
        micro=float(_ratio(2 * both.sum(), one.sum() + other.sum())),
        per_row=float(_ratio(2 * both.sum(1), one + other).mean()),
    )


def jaccard(predicted: Marks, true: Marks) -> float:
    """The mean over rows of both / either; two sets without a word agree wholly."""
    return float(_ratio((predicted & true).sum(1), (predicted | true).sum(1)).mean())


def calibration_error(probabilities: Scores, truths: Marks, bins: int = BINS) -> float:
    """How far probabilities are from the shares that come true, weighted by how many there are.

    The expected calibration error over all words and rows at once.
    """
    _check(probabilities, truths)
    each, true = np.asarray(probabilities, np.float64).ravel(), truths.ravel()
    place = np.minimum((each * bins).astype(int), bins - 1)
    gaps = np.bincount(place, weights=each - true, minlength=bins)
    return float(np.abs(gaps).sum() / each.size)


def _ratio(part: ArrayLike, whole: ArrayLike) -> np.ndarray:
    """Of each part to its whole; that of nothing to nothing is 1."""
    empty = np.asarray(whole) == 0
    return np.where(empty, 1.0, part / np.where(empty, 1, whole))


def _check(scores: Scores, truths: Marks) -> None:
    if not scores.size:
        raise DataError("there are no words to judge: no rows, or an empty vocabulary")
    if not np.isfinite(scores).all():
        raise DataError("scores of words hold NaN or infinity; the model that gave them is broken")
