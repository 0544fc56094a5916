"""The words of a vocabulary that a prompt holds, and those that a description found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.core.intervals import Interval, Score, spread
from lookalike.describe.reversing.words import words_of


@dataclass(frozen=True)
class Found:
    """How many words a description says, how many the true prompt has, and how many are both."""

    said: int
    true: int
    both: int

    @property
    def precision(self) -> Score:
        """The share of what is said that is true; None where nothing is said."""
        return self.both / self.said if self.said else None

    @property
    def recall(self) -> Score:
        """The share of what is true that is said; None where there is nothing to say."""
        return self.both / self.true if self.true else None

    @property
    def f1(self) -> Score:
        """Their harmonic mean; None where neither text has a word of the vocabulary."""
        every = self.said + self.true
        return 2 * self.both / every if every else None


def found(described: str, prompt: str, words: frozenset[str]) -> Found:
    """What a description finds again of a prompt's words, each counted once."""
    said, true = words & {*words_of(described)}, words & {*words_of(prompt)}
    return Found(len(said), len(true), len(said & true))


def micro(each: Sequence[Found]) -> dict[str, Interval]:
    """Precision, recall and F1 over the words of all pictures together, with their intervals."""
    counts = np.array([[one.said, one.true, one.both] for one in each], dtype=np.float64)
    whole = counts.sum(0)
    figures = {}
    for name, place in (("precision", 0), ("recall", 1)):
        figures[f"micro_{name}"] = _ratio(counts, whole, np.eye(3)[place])
    figures["micro_f1"] = _ratio(counts, whole, np.array([0.5, 0.5, 0.0]))
    return {name: figure for name, figure in figures.items() if figure is not None}


def _ratio(counts: np.ndarray, whole: np.ndarray, below: np.ndarray) -> Interval | None:
    """What both texts say over a sum of the counts; None where that is nothing."""
    left = whole - counts
    if not whole @ below:
        return None
    without = left[:, 2] / np.maximum(left @ below, 1e-9)
    return spread(float(whole[2] / (whole @ below)), without)
