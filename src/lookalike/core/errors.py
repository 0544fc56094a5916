"""What can go wrong, as exceptions whose text is one line that helps a person."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from unicodedata import east_asian_width


class LookalikeError(Exception):
    """Base of every error that a user can cause and mend; `str(error)` is for a person."""

    exit_code = 2


class PictureError(LookalikeError):
    """A picture that cannot be read."""


class ModelError(LookalikeError):
    """A model, or weights, that cannot be found, loaded or used."""


class PromptError(LookalikeError):
    """A prompt that says nothing, or nothing that can be understood."""

    place: tuple[int, int] | None = None
    """The first character of the text that is wrong, and how many are; for who shows the text."""


class OptionError(LookalikeError):
    """An option that does not exist or lies outside its bounds."""


class OutputError(LookalikeError):
    """A result that cannot be written where it was asked for."""


class RecipeError(LookalikeError):
    """A picture without a readable recipe, or a recipe that cannot be followed."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`"; did you mean X?"` with the nearest known word, or nothing where none is near."""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""


def point_at(text: str, start: int, length: int = 1) -> str:
    """The line of `text` that holds character `start`, and carets under `length` characters."""
    begin = text.rfind("\n", 0, start) + 1
    line = text[begin:].split("\n", 1)[0]
    column = start - begin
    carets = max(1, min(length, len(line) - column))
    # White space as wide as what stands above it, or the caret lands beside its word.
    margin = "".join(
        c if c == "\t" else "\u3000" if east_asian_width(c) in "WF" else " " for c in line[:column]
    )
    return f"  {line}\n  {margin}{'^' * carets}"
