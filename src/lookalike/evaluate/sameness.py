"""Sameness: how far readings of one character agree, and how far characters differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from lookalike.core.intervals import LEVEL, RESAMPLES, Interval, spread

Values = Mapping[str, str]
IDENTITY = ("hair", "hair_colour", "skin", "glasses", "facial_hair")


@dataclass(frozen=True)
class Found:
    """What was read of one character's pictures, by identity attribute and for the words."""

    modes: Values
    agreed: Mapping[str, float]
    text: float

    @property
    def identity(self) -> float:
        """The mean over the identity attributes."""
        return sum(self.agreed[name] for name in IDENTITY) / len(IDENTITY)


def judged(found: Sequence[Values], contexts: Sequence[Values]) -> Found:
    """How far the readings of one character's pictures agree, and with the contexts' words."""
    modes: dict[str, str] = {}
    agreed: dict[str, float] = {}
    for name in (*IDENTITY, "style"):
        # Of values that are equally common, the first by the alphabet: no chance in it.
        counts = Counter(sorted(each[name] for each in found))
        modes[name], times = counts.most_common(1)[0]
        agreed[name] = times / len(found)
    hits = [
        each.get(name) == value
        for each, values in zip(found, contexts, strict=True)
        for name, value in values.items()
    ]
    return Found(modes, agreed, sum(hits) / len(hits))


def diversity(found: Sequence[Found]) -> Interval:
    """The mean share of identity attributes in which two characters differ, by the jackknife."""
    if len(found) < 3:
        return Interval(mean=_differing(found), low=0.0, high=1.0)
    without = [_differing([*found[:i], *found[i + 1 :]]) for i in range(len(found))]
    return spread(_differing(found), np.array(without))


def _differing(found: Sequence[Found]) -> float:
    pairs = list(combinations(found, 2))
    apart = [sum(a.modes[n] != b.modes[n] for n in IDENTITY) / len(IDENTITY) for a, b in pairs]
    return sum(apart) / len(apart) if apart else 0.0


def share(own: Sequence[float], truth: Sequence[float], resamples: int = RESAMPLES) -> Interval:
    """The mean of some scores as a share of others', with its bootstrap interval."""
    chance = np.random.default_rng(0)

    def means(scores: Sequence[float]) -> Float[np.ndarray, " resamples"]:
        known = np.array(scores)
        return known[chance.integers(0, len(known), (resamples, len(known)))].mean(1)

    ratios = means(own) / np.maximum(means(truth), 1e-9)
    low, high = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    mean = float(np.mean(own) / max(float(np.mean(truth)), 1e-9))
    return Interval(mean=mean, low=min(float(low), mean), high=max(float(high), mean))
