"""The drawn world as the benchmark asks for it: domains by name, their looks, and their judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lookalike.evaluate.scenes import people
from lookalike.models.probe import Probe
from lookalike.models.spec import packaged
from lookalike.world.look import Look, Split, foreign_looks, looks
from lookalike.world.style import foreign

CHARACTER, CURVE = "character", "curve"
CHARACTERS = 10_000_000
"""Seeds of the single characters start here: they are none of the other domain's."""


def world_domains() -> list[str]:
    """The domains of the drawn world: mini's own styles, each foreign one, single characters.

    The last one is of the same characters, for rows that learn longer and longer.
    """
    return ["own", *foreign(), CHARACTER, CURVE]


def domain_looks(domain: str, which: Split) -> Iterator[Look]:
    """The looks of a domain and split, without end, in the order of their seeds."""
    if domain == "own":
        return looks(which)
    if domain in foreign():
        return foreign_looks(domain, which)
    return people(which, CHARACTERS)


def judge_folder(domain: str) -> Path:
    """Where the judge of a domain's attributes lies: the probe, which knows mini's own styles.

    Foreign styles have another one, which knows all styles, and mini's less well.
    """
    return packaged() / ("judge" if domain in foreign() else "probe")


def judge(domain: str) -> Probe:
    """What reads the attributes of pictures made for a domain."""
    return Probe.load(judge_folder(domain))
