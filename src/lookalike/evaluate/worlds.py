"""The drawn world as the benchmark asks for it: domains by name, their looks, and their judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lookalike.models.probe import Probe
from lookalike.models.spec import packaged
from lookalike.world.look import Look, Split, looks
from lookalike.world.style import Style, styles

PERSON = "person"
CHARACTERS = 10_000_000
"""Seeds of the single characters start here: they are none of the other domain's."""


def style_of(name: str) -> Style:
    """The style called `name`."""
    return styles()[name]


def world_domains() -> list[str]:
    """The domains of the drawn world."""
    return ["own", "character"]


def domain_looks(domain: str, which: Split) -> Iterator[Look]:
    """The looks of a domain and split, without end, in the order of their seeds."""
    if domain == "own":
        return looks(which)
    return (one for one in looks(which, CHARACTERS) if style_of(one.style).noun == PERSON)


def judge_folder() -> Path:
    """Where the judge of attributes lies."""
    return packaged() / "probe"


def judge() -> Probe:
    """The probe that reads attributes of made pictures."""
    return Probe.load(judge_folder())
