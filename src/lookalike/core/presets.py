"""Consistency presets: words that ask for one character in several actions, views or moments."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from pydantic import Field

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.core.record import Record
from lookalike.core.records import Part, Prompt


class Preset(Record):
    """A name, and the words that it adds to a prompt."""

    name: str = Field(description="What it is called, as in Different expressions.")
    summary: str = Field(description="What it asks for, in one sentence.")
    words: str = Field(description="What stands behind the prompt's own words.")


@cache
def presets() -> tuple[Preset, ...]:
    """All presets, in the order in which they are shown."""
    text = files("lookalike.core").joinpath("presets.toml").read_text(encoding="utf-8")
    return tuple(Preset.model_validate(each) for each in tomllib.loads(text)["preset"])


def preset(name: str) -> Preset:
    """The preset of that name, however its capitals, hyphens and spaces are written.

    Raises:
        OptionError: there is none; the message has the nearest and all that there are.
    """
    known = {_plain(each.name): each for each in presets()}
    if found := known.get(_plain(name)):
        return found
    names = [each.name for each in presets()]
    near, there_are = did_you_mean(name, names), ", ".join(names)
    raise OptionError(f"there is no preset {name!r}{near} (there are: {there_are})")


def applied(prompt: Prompt, chosen: Preset) -> Prompt:
    """`prompt` with the words of a preset behind those of its first part that counts.

    Weights, references and settings stay. A prompt without words gets the preset's as its own;
    parts of negative weight say what to stay away from, and get none.
    """
    wanted = next((place for place, part in enumerate(prompt.parts) if part.weight > 0), None)
    if wanted is None:
        parts = (Part(text=chosen.words), *prompt.parts)
    else:
        own = prompt.parts[wanted]
        text = f"{own.text.rstrip(' ,')}, {chosen.words}"
        said = own.model_copy(update={"text": text})
        parts = (*prompt.parts[:wanted], said, *prompt.parts[wanted + 1 :])
    return prompt.model_copy(update={"parts": parts})


def _plain(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.strip().casefold()))
