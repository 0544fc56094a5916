"""Metrics as pure functions of what was wanted and what was found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from PIL.Image import Image

Values = Mapping[str, str]
JUDGED = (
    *("style", "background", "skin", "hair_colour", "clothes_colour", "glasses", "facial_hair"),
)
"""The attributes whose mean accuracy is the judge's figure."""


def agreement(wanted: Sequence[Values], found: Sequence[Values]) -> dict[str, float]:
    """For each attribute, the share of pictures that show it in which it came out as wanted.

    An attribute that a wanted picture does not show is not judged there.
    """
    right: dict[str, list[bool]] = {}
    for want, got in zip(wanted, found, strict=True):
        for name, value in want.items():
            right.setdefault(name, []).append(got.get(name) == value)
    return {name: sum(hits) / len(hits) for name, hits in right.items()}


def mean_judged(by_attribute: Mapping[str, float]) -> float:
    """The mean over the judged attributes that were seen at all; nan where none was."""
    seen = [by_attribute[name] for name in JUDGED if name in by_attribute]
    return sum(seen) / len(seen) if seen else math.nan


def stated(values: Values) -> set[tuple[str, str]]:
    """What a full caption states: every attribute whose value is not "none"."""
    return {(name, value) for name, value in values.items() if value != "none"}


def f1(wanted: Sequence[Values], found: Sequence[Values]) -> float:
    """The harmonic mean of precision and recall of stated attributes, over all pictures."""
    pairs = [(stated(w), stated(f)) for w, f in zip(wanted, found, strict=True)]
    both = sum(len(w & f) for w, f in pairs)
    total = sum(len(w) + len(f) for w, f in pairs)
    return 2 * both / total if total else 1.0


def psnr(one: Image, other: Image) -> float:
    """Peak signal-to-noise ratio in dB of two pictures of one size; infinite where identical."""
    a, b = (np.asarray(p.convert("RGB"), dtype=np.float64) / 255 for p in (one, other))
    error = float(np.mean((a - b) ** 2))
    return math.inf if error == 0 else -10 * math.log10(error)


def recall_at(scores: Sequence[Sequence[float]], places: int) -> float:
    """The share of rows whose own column (the diagonal) is among the `places` best.

    Equal scores count for the row: two pictures may have one and the same caption.
    """
    table = np.asarray(scores, dtype=np.float64)
    better = (table > np.diag(table)[:, None] + 1e-9).sum(axis=1)
    return float((better < places).mean())
