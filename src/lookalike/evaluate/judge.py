"""How well a judge reads drawings that it never saw, in the world's styles and in foreign ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from lookalike.evaluate.metrics import agreement
from lookalike.models.probe import Probe
from lookalike.world.look import Look, Split, foreign_looks, looks
from lookalike.world.render import render
from lookalike.world.style import foreign


def accuracy(
    judge: Probe, count: int = 500, which: Split = "test"
) -> Iterator[tuple[str, dict[str, float]]]:
    """For the world and for each foreign style, the share of `count` drawings read right.

    By attribute, over the drawings that show it, and as their mean.
    """
    yield "world", _shares(judge, list(islice(looks(which), count)))
    for style in foreign():
        yield style, _shares(judge, list(islice(foreign_looks(style, which), count)))


def _shares(judge: Probe, shown: Sequence[Look]) -> dict[str, float]:
    found = judge.read([render(one, judge.net.pixels) for one in shown])
    shares = agreement([one.values for one in shown], found)
    return {"mean": sum(shares.values()) / len(shares), **shares}
