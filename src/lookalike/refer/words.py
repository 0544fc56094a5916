"""Which words a model knows for a picture's style and for the parts of its subject."""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from lookalike.models.backbone import Backbone
from lookalike.models.texts import words

Kind = Literal["style", "face", "hair", "clothes", "background"]

MOST = 24
"""Phrases of one group that are asked for: enough to span it, few enough to be read at once."""


@dataclass(frozen=True)
class Family:
    """Phrases that take one another's place in the same sentences."""

    frame: str
    phrases: tuple[str, ...]
    between: tuple[str, ...]  # phrases of other things, to put between

    def sentences(self, contexts: int) -> list[str]:
        """Each phrase in the same sentences, `contexts` of them."""
        chance = random.Random(0)
        drawn = [chance.sample(self.between, min(len(self.between), i)) for i in range(contexts)]
        return [", ".join([self.frame, *some, p]) for p in self.phrases for some in drawn]


@cache
def table() -> dict[str, Any]:
    """The word lists of this room."""
    return tomllib.loads(files("lookalike.refer").joinpath("words.toml").read_text("utf-8"))


def families(backbone: Backbone, kind: Kind) -> list[Family]:
    """What a model may say of a kind: by its own phrase bank, or in common words."""
    bank = backbone.folder / "phrases.json" if backbone.folder else None
    if bank is None or not bank.exists():
        return _common(kind)
    stored: dict[str, Any] = json.loads(bank.read_text("utf-8"))
    return [
        family
        for frame in stored["frames"]
        for group in _groups(stored["groups"], kind)
        if len((family := _family(stored, frame, group)).phrases) > 1
    ]


def _common(kind: Kind) -> list[Family]:
    known, common = words(), table()["common"]
    styles = [*known["medium"], *known["manner"], *known["light"]]
    groups = [styles] if kind == "style" else common[kind]
    between = tuple(common["between"])
    return [Family(f, tuple(group), between) for f in common["frames"] for group in groups]


def _groups(groups: Sequence[Sequence[str]], kind: Kind) -> list[Sequence[str]]:
    """A bank's groups of a kind; its last one is its styles."""
    if kind == "style":
        return [groups[-1]]
    marks = tuple(table()["marks"][kind])
    return [g for g in groups[:-1] if any(phrase.endswith(marks) for phrase in g)]


def _family(stored: dict[str, Any], frame: str, group: Sequence[str]) -> Family:
    fits = stored.get("of", {}).get(frame)
    every = [p for g in stored["groups"] for p in g if p not in group]
    phrases = [p for p in group if fits is None or p in fits]
    drawn = random.Random(0).sample(phrases, min(len(phrases), MOST))
    return Family(frame, tuple(drawn), tuple(p for p in every if fits is None or p in fits))
