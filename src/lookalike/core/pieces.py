"""A prompt cut into the words or phrases that can be left out of it, each on its own."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from lookalike.core.records import Part, Prompt

By = Literal["words", "phrases"]

_COMMA = re.compile(r",(?=\s|\Z)")  # none within a number


@dataclass(frozen=True)
class Piece:
    """Some words, and where they stand: in which part of the prompt, and in which phrase of it."""

    text: str
    part: int
    phrase: int


def pieces(prompt: Prompt, by: By) -> list[Piece]:
    """The words of a prompt, or its phrases between commas, in order."""
    return [
        Piece(text, number, place)
        for number, part in enumerate(prompt.parts)
        for place, phrase in enumerate(_COMMA.split(part.text))
        for text in (phrase.split() if by == "words" else [" ".join(phrase.split())])
        if text
    ]


def joined(prompt: Prompt, kept: Sequence[Piece]) -> tuple[Part, ...]:
    """The prompt's parts with the kept pieces alone; one that has none left is gone.

    Commas go with the last word between them; what stands between words becomes one space.
    """
    made: list[Part] = []
    for number, part in enumerate(prompt.parts):
        phrases: dict[int, list[str]] = {}
        for piece in kept:
            if piece.part == number:
                phrases.setdefault(piece.phrase, []).append(piece.text)
        if phrases:
            text = ", ".join(" ".join(words) for words in phrases.values())
            made.append(part.model_copy(update={"text": text}))
    return tuple(made)


def without(prompt: Prompt, all_of_it: Sequence[Piece], gone: Collection[int]) -> tuple[Part, ...]:
    """The prompt's parts without the pieces of these numbers."""
    return joined(prompt, [piece for i, piece in enumerate(all_of_it) if i not in gone])
