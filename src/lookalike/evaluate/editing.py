"""Editing instructions: words, what they must bring about, and what they must leave alone."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from lookalike.world.caption import caption
from lookalike.world.look import Look, generator, look
from lookalike.world.style import style_of


@dataclass(frozen=True)
class Instruction:
    """Words that a user may type beside a picture of the world, and the values they ask for."""

    words: str
    wanted: Mapping[str, str]
    kept: tuple[str, ...]
    unless: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Edit:
    """An instruction for one picture; without attributes to judge, only its words are known."""

    words: str
    wanted: Mapping[str, str]
    kept: Mapping[str, str]
    caption: str
    """The full caption of what should come out."""


@cache
def instructions() -> tuple[Instruction, ...]:
    """Every instruction of `editing.toml`."""
    known = tomllib.loads(files("lookalike.evaluate").joinpath("editing.toml").read_text("utf-8"))
    return tuple(_instruction(entry, known) for entry in known["edit"])


def _instruction(entry: Mapping[str, Any], known: Mapping[str, Any]) -> Instruction:
    wanted: dict[str, str] = entry["wanted"]
    kept = [name for name in known["kept"][next(iter(wanted))] if name not in wanted]
    unless = {k: tuple(v) for name in wanted for k, v in known["unless"].get(name, {}).items()}
    return Instruction(entry["words"], wanted, tuple(kept), unless)


def edit_of(of: Look, asked: Instruction) -> Edit | None:
    """The instruction for a look; None where its style cannot draw it or nothing would change."""
    if any(of.get(name) in values for name, values in asked.unless.items()):
        return None
    after = _after(of, asked.wanted)
    changed = any(of.get(name) != value for name, value in asked.wanted.items())
    if after is None or not changed or not _says(asked.words, of):
        return None
    same = {k: v for k, v in of.values.items() if after.values.get(k) == v}
    kept = {name: same[name] for name in asked.kept if name in same}
    # A sentence, as mini's captions are: it does not take "hot pink hair" alone for an edit.
    words = f"a {style_of(of.style).noun} with {asked.words.format_map(of.values)}"
    return Edit(words, asked.wanted, kept, caption(after))


def edits_of(subjects: Sequence[Look], count: int) -> Iterator[tuple[Edit, ...]]:
    """Up to `count` edits for each look, of different attributes, all instructions in turn.

    Those that were used least come first, so that none is missed; ties are broken by the look.
    """
    used: Counter[str] = Counter()
    for of in subjects:
        fitting = [(asked, edit) for asked in instructions() if (edit := edit_of(of, asked))]
        generator("edits", of.style, of.seed).shuffle(fitting)
        fitting.sort(key=lambda pair: used[pair[0].words])
        chosen: dict[str, Edit] = {}
        for asked, edit in fitting:
            name = next(iter(asked.wanted))
            if len(chosen) < count and name not in chosen:
                chosen[name] = edit
                used[asked.words] += 1
        yield tuple(chosen.values())


def _after(of: Look, wanted: Mapping[str, str]) -> Look | None:
    """The look with what is wanted, or None where it could not be drawn or seen."""
    for name, value in wanted.items():
        known = style_of(of.style).attribute(name)
        if known is None or value not in known.values:
            return None
    found = look(of.style, of.seed, **dict(of.attributes) | dict(wanted))
    return found if wanted.items() <= found.values.items() else None


def _says(words: str, of: Look) -> bool:
    """Whether a look shows all that the words' braces ask for."""
    braces = [part.split("}")[0] for part in words.split("{")[1:]]
    return all(of.get(name) is not None for name in braces)
