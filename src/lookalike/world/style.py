"""The artists' styles of the world, each read from one file of the folder `styles`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Role = Literal["identity", "scene"]
FOREIGN = ("big-ears", "dylan", "miniavs")
"""Styles that no part of mini is ever trained on: the unseen domains."""


@dataclass(frozen=True)
class Attribute:
    """One thing that a picture of a style may vary: its words, and how each is drawn.

    `words` maps a word to DiceBear's components (an empty variant leaves the component out);
    `paint` names the colour slots that a palette's colour fills, with a factor of brightness;
    `hidden` tells by which values of other attributes this one cannot be seen.
    """

    name: str
    role: Role
    words: Mapping[str, Mapping[str, str]]
    palette: Mapping[str, str]
    paint: Mapping[str, float]
    odds: Mapping[str, float]
    hidden: Mapping[str, tuple[str, ...]]

    @property
    def values(self) -> tuple[str, ...]:
        """All values, in the order of the file."""
        return tuple(self.palette or self.words)

    def seen_with(self, chosen: Mapping[str, str]) -> bool:
        """Whether this attribute shows in a picture with the `chosen` values."""
        return all(chosen.get(other) not in values for other, values in self.hidden.items())


@dataclass(frozen=True)
class Style:
    """One artist's way of drawing, with the attributes that can be asked of it."""

    name: str
    noun: str
    share: float
    licence: str
    artist: str
    source: str
    attributes: tuple[Attribute, ...]
    nuisance: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def attribute(self, name: str) -> Attribute | None:
        """The attribute called `name`, or None where the style has none."""
        return next((a for a in self.attributes if a.name == name), None)


@cache
def palettes() -> dict[str, dict[str, str]]:
    """Colour words and their hexadecimal colours, by palette."""
    return tomllib.loads(files("lookalike.world").joinpath("palette.toml").read_text("utf-8"))


def _attribute(name: str, role: Role, entry: Mapping[str, Any]) -> Attribute:
    return Attribute(
        name=name,
        role=role,
        words=entry.get("words", {}),
        palette=palettes()[entry["palette"]] if "palette" in entry else {},
        paint=entry.get("paint", {}),
        odds=entry.get("odds", {}),
        hidden={k: tuple(v) for k, v in entry.get("hidden", {}).items()},
    )


def _style(name: str, text: str) -> Style:
    entry = tomllib.loads(text)
    roles: tuple[Role, Role] = ("identity", "scene")
    return Style(
        name=name,
        noun=entry["noun"],
        share=entry["share"],
        licence=entry["licence"],
        artist=entry["artist"],
        source=entry["source"],
        attributes=tuple(
            _attribute(key, role, value)
            for role in roles
            for key, value in entry.get(role, {}).items()
        ),
        nuisance={k: tuple(v) for k, v in entry.get("nuisance", {}).items()},
        options=entry.get("options", {}),
    )


def _folder(name: str) -> dict[str, Style]:
    folder = files("lookalike.world").joinpath(name)
    found = sorted(
        (f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda file: file.name
    )
    return {f.name[:-5]: _style(f.name[:-5], f.read_text("utf-8")) for f in found}


@cache
def styles() -> dict[str, Style]:
    """Every style of the world by name, sorted; foreign styles are not among them."""
    return _folder("styles")


@cache
def foreign() -> dict[str, Style]:
    """Every foreign style by name, sorted: drawn and judged, but never shown to mini."""
    return _folder("foreign")


def style_of(name: str) -> Style:
    """The style called `name`, of the world or foreign."""
    return foreign()[name] if name in foreign() else styles()[name]


def _values(of: Mapping[str, Style]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {"style": dict.fromkeys(of)}
    for style in of.values():
        for attribute in style.attributes:
            found.setdefault(attribute.name, {}).update(dict.fromkeys(attribute.values))
    return {name: tuple(words) for name, words in found.items()}


@cache
def values() -> dict[str, tuple[str, ...]]:
    """Every attribute's values over all styles of the world, the style itself among them."""
    return _values(styles())


@cache
def foreign_values() -> dict[str, tuple[str, ...]]:
    """Every attribute's values over the world's and the foreign styles: what the judge reads."""
    return _values({**styles(), **foreign()})
