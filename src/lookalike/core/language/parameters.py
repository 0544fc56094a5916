"""The table of parameters: how each is written, what it may be, and which setting it fills."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from lookalike.core.errors import PromptError, did_you_mean
from lookalike.core.language.faults import shown
from lookalike.core.language.profiles import (
    NIJI,
    PROFILES,
    VERSIONS,
    Profile,
    profile_of,
)
from lookalike.core.record import Record
from lookalike.core.records import Part, Prompt, Role, Settings

Kind = Literal["number", "whole", "ratio", "choice", "flag", "name", "words", "pictures", "version"]


@dataclass(frozen=True)
class Parameter:
    """One parameter of the language, as documentation shows it and as the reader needs it."""

    name: str
    """Without its hyphens: `sref`."""

    kind: Kind
    """What its value looks like."""

    meaning: str
    """One sentence."""

    field: str = ""
    """The field of `Settings` that it fills; empty where it fills another part of a prompt."""

    aliases: tuple[str, ...] = ()
    """Other names that mean the same."""

    role: Role | None = None
    """The role of the pictures that it lists."""

    low: float | None = None
    high: float | None = None
    """The smallest and largest value allowed, both included; None where it is no number."""

    choices: tuple[str, ...] = ()
    """All values that are allowed, where they are few."""

    default: object = None
    """What holds where the parameter is not written."""

    ours: bool = False
    """Whether the parameter is lookalike's own and no Midjourney word."""

    @property
    def said(self) -> str:
        """How it is named in a message: `--sref`, between backticks."""
        return f"`--{self.name}`"


@cache
def table() -> dict[str, Parameter]:
    """Every parameter by name, in the order in which they are written, for no version."""
    return {entry.name: entry for entry in (*_words(), *_numbers(), *_ours())}


@cache
def names() -> dict[str, str]:
    """Every name and alias, each with the name of its parameter."""
    own = {name: name for name in table()}
    return own | {alias: entry.name for entry in table().values() for alias in entry.aliases}


def parameters(profile: str | None = None) -> tuple[Parameter, ...]:
    """The parameters that a version knows, with that version's ranges; for documentation too.

    Args:
        profile: A version as `Settings.profile` holds it, such as "6" or "niji 6"; with None, all
            parameters, each with its widest range.

    Raises:
        PromptError: There is no such version.
    """
    found = profile_of(profile)
    if found is None:
        near = did_you_mean(str(profile)[:40], PROFILES)
        there_are = ", ".join(PROFILES)
        raise PromptError(
            f"there is no version {shown(str(profile))}{near} (there are: {there_are})"
        )
    return tuple(
        fitted(entry, found) for entry in table().values() if entry.name not in found.lacks
    )


def weights() -> tuple[float, float]:
    """The smallest and the largest weight of a part or a picture."""
    facts = _facts(Part)["weight"]
    return facts["minimum"], facts["maximum"]


def fitted(parameter: Parameter, profile: Profile) -> Parameter:
    """The parameter with the range that it has in a version."""
    if parameter.name == "iw":
        return replace(parameter, high=profile.image_weight)
    if parameter.name == "style":
        return replace(parameter, choices=profile.styles)
    if parameter.name == "quality" and profile.qualities:
        allowed = profile.qualities
        choices = tuple(f"{quality:g}" for quality in allowed)
        return replace(parameter, low=min(allowed), high=max(allowed), choices=choices)
    return parameter


def _words() -> tuple[Parameter, ...]:
    return (
        Parameter("no", "words", Prompt.model_fields["avoid"].description or "", default=""),
        _setting("iw", "image_weight"),
        _pictures(
            "sref", "style", "Pictures or codes whose style to take: colours, medium, light."
        ),
        _setting("sw", "style_weight"),
        _pictures("cref", "character", "Pictures of a character to show again."),
        _setting("cw", "character_weight"),
        _pictures("oref", "character", "Pictures of a character to show again, in version 7."),
        _setting("ow", "omni_weight"),
        _pictures("image", "image", "Pictures to lean on, whatever they are called.", ours=True),
        _pictures("region", "region", "Pictures of a place to work on: masks.", ours=True),
    )


def _numbers() -> tuple[Parameter, ...]:
    return (
        replace(_setting("ar", "aspect", "aspect"), kind="ratio"),
        _setting("seed", "seed"),
        _setting("chaos", "chaos", "c"),
        _setting("stylize", "stylize", "s"),
        _setting("weird", "weird", "w"),
        _setting("quality", "quality", "q"),
        _setting("repeat", "repeat", "r"),
        _setting("stop", "stop"),
        _setting("tile", "tile"),
        _setting("style", "style"),
        replace(_setting("v", "profile", "version"), kind="version", choices=VERSIONS),
        replace(_setting("niji", "profile"), kind="version", choices=NIJI),
    )


def _ours() -> tuple[Parameter, ...]:
    own = ("model", "adapter", "adapter_encoder", "pixels", "steps", "guidance", "count")
    said = {field: field.replace("_", "-") for field in own}
    return tuple(replace(_setting(name, field), ours=True) for field, name in said.items())


def _pictures(name: str, role: Role, meaning: str, *, ours: bool = False) -> Parameter:
    return Parameter(name, "pictures", meaning, role=role, ours=ours, default=())


def _setting(name: str, field: str, *aliases: str) -> Parameter:
    """A parameter whose range, default and meaning are those of a field of `Settings`."""
    facts = _facts(Settings)[field]
    # A field that may be absent says what it is, beside null, one level down.
    shape = {**facts, **facts.get("anyOf", [{}])[0]}
    kinds: dict[str, Kind] = {"integer": "whole", "number": "number", "boolean": "flag"}
    kind: Kind = "choice" if "enum" in shape else kinds.get(shape["type"], "name")
    return Parameter(
        name,
        kind,
        facts["description"],
        field,
        aliases,
        low=shape.get("minimum"),
        high=shape.get("maximum"),
        choices=tuple(shape.get("enum", ())),
        default=facts["default"],
    )


@cache
def _facts(record: type[Record]) -> dict[str, dict[str, Any]]:
    return record.model_json_schema()["properties"]
