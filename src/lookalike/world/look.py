"""What one picture of the world shows: style, character and scene, drawn from a seed."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, cycle
from typing import Literal

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.world.style import Attribute, Role, Style, foreign, style_of, styles

Split = Literal["train", "validation", "test", "combination"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test", "combination")

HELD_OUT = (
    ("avataaars", "hair_colour", "green"),
    ("micah", "hair_colour", "blonde"),
    ("personas", "hair_colour", "purple"),
    ("toon-head", "hair_colour", "hot pink"),
    ("big-smile", "hair_colour", "blue"),
    ("avataaars", "clothes_colour", "teal"),
    ("personas", "clothes_colour", "orange"),
    ("micah", "clothes_colour", "purple"),
    ("bottts", "body_colour", "red"),
    ("critters", "body_colour", "yellow"),
)
"""Pairs never seen together in training: each style is known, each colour is known."""


@dataclass(frozen=True)
class Look:
    """One picture in words: a style, and the attributes that can be seen, by name."""

    seed: int
    style: str
    attributes: tuple[tuple[str, str], ...]

    @property
    def values(self) -> dict[str, str]:
        """Attributes that can be seen, the style among them."""
        return {"style": self.style, **dict(self.attributes)}

    def of(self, role: Role) -> dict[str, str]:
        """The attributes of the character (`identity`) or of the `scene`."""
        style = style_of(self.style)
        return {a.name: v for a in style.attributes if a.role == role and (v := self.get(a.name))}

    def get(self, name: str) -> str | None:
        """The value of an attribute, or None where it cannot be seen."""
        return dict(self.attributes).get(name)


def generator(*key: object) -> random.Random:
    """A stream of chance that depends on `key` alone, the same on every machine."""
    digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
    return random.Random(digest)


def _choose(attribute: Attribute, chance: random.Random) -> str:
    odds = [attribute.odds.get(v, 1.0) for v in attribute.values]
    return chance.choices(attribute.values, odds)[0]


def visible(style: Style, chosen: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The `chosen` values that can be seen in `style`, in the style's order."""
    return tuple(
        (a.name, chosen[a.name])
        for a in style.attributes
        if a.name in chosen and a.seen_with(chosen)
    )


def look(style: str, seed: int = 0, **attributes: str) -> Look:
    """A look made by hand; every attribute and value must be one of the style's.

    Raises:
        OptionError: the style, an attribute or a value is unknown.
    """
    if style not in styles() and style not in foreign():
        raise OptionError(f"the world has no style {style!r}; it has {', '.join(styles())}")
    known = style_of(style)
    for name, value in attributes.items():
        attribute = known.attribute(name)
        if attribute is None or value not in attribute.values:
            raise OptionError(f"{style} cannot draw {name} = {value!r}")
    return Look(seed, style, visible(known, attributes))


def draw(seed: int) -> Look:
    """The look of `seed`: every attribute of a style drawn independently of the others."""
    chance = generator("look", seed)
    every = list(styles().values())
    style = chance.choices(every, [s.share for s in every])[0]
    return _drawn(style, seed, chance)


def draw_foreign(style: str, seed: int) -> Look:
    """The look of `seed` in a foreign style: every attribute drawn independently of the others.

    Raises:
        OptionError: there is no such foreign style.
    """
    if style not in foreign():
        raise OptionError(f"there is no foreign style {style!r}; there are {', '.join(foreign())}")
    return _drawn(foreign()[style], seed, generator("foreign", style, seed))


def _drawn(style: Style, seed: int, chance: random.Random) -> Look:
    chosen = {a.name: _choose(a, chance) for a in style.attributes}
    return Look(seed, style.name, visible(style, chosen))


def split(of: Look) -> Split:
    """The split a look belongs to, by the hash of its seed; held-out pairs apart."""
    values = of.values
    if any(of.style == s and values.get(name) == value for s, name, value in HELD_OUT):
        return "combination"
    return _dealt(of.seed)


def _dealt(seed: int) -> Split:
    """The split of a seed whose look holds no held-out pair."""
    place = generator("split", seed).randrange(100)
    return "train" if place < 90 else "validation" if place < 95 else "test"


def looks(which: Split, start: int = 0) -> Iterator[Look]:
    """The looks of a split, without end, in the order of their seeds."""
    drawn = (draw(seed) for seed in _seeds(which, start))
    return (one for one in drawn if split(one) == which)


def _seeds(which: Split, start: int) -> Iterator[int]:
    """Seeds whose looks may be of a split: what need not be drawn to know it is not drawn."""
    return (seed for seed in count(start) if which == "combination" or _dealt(seed) == which)


def foreign_looks(style: str, which: Split, start: int = 0) -> Iterator[Look]:
    """The looks of a split in a foreign style, without end, in the order of their seeds.

    Raises:
        OptionError: there is no such foreign style, or the split has no foreign looks.
    """
    if which == "combination":
        raise OptionError("no combination of a foreign style is held out; ask for test instead")
    drawn = (draw_foreign(style, seed) for seed in _seeds(which, start))
    return (one for one in drawn if split(one) == which)


def looks_in(style: str | None, which: Split) -> Iterator[Look]:
    """The looks of a split in one style, of the world's own or foreign; in all its own if None.

    Raises:
        OptionError: there is no such style, or the split has no such looks.
    """
    if style is None:
        return looks(which)
    if style in foreign():
        return foreign_looks(style, which)
    if style not in styles():
        known = [*styles(), *foreign()]
        raise OptionError(
            f"there is no style {style}{did_you_mean(style, known)}; there are {', '.join(known)}"
        )
    return (one for one in looks(which) if one.style == style)


def every_look(which: Split) -> Iterator[Look]:
    """The looks of a split, every second one of the world, the rest foreign styles in turn."""
    own = looks(which)
    others = [foreign_looks(style, which) for style in foreign()]
    for other in cycle(others):
        yield next(own)
        yield next(other)
