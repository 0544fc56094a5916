"""A prompt's text cut at its parameters: where each begins, and what stands behind its name."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from lookalike.core.errors import PromptError, did_you_mean
from lookalike.core.language.escapes import QUOTED
from lookalike.core.language.faults import fault, shown
from lookalike.core.language.parameters import Parameter, names, table

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"\S*")
# One value: in quotes or not; behind its weight, a second part in quotes belongs to it.
_VALUE = re.compile(rf'(?:{QUOTED}|[^\s"])(?:::{QUOTED}|\S)*+', re.DOTALL)
_LETTERS = re.compile(r"[a-z]*")
_LONGEST_NAME = 40  # characters; what is longer is near to no name


class Token(NamedTuple):
    """A piece of a prompt's text, and where it stands."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


class Said(NamedTuple):
    """A parameter as it stands in a text, with its values not yet understood."""

    parameter: Parameter
    name: Token
    values: tuple[Token, ...]


def first_parameter(text: str, at: int) -> int:
    """Where the first parameter after `at` begins: at the end where there is none."""
    found = _begin().search(text, at)
    return found.start() if found else len(text)


def begins_here(text: str, at: int) -> bool:
    """Whether a parameter begins at `at`."""
    return _begin().match(text, at) is not None


def value_at(text: str, at: int) -> Token | None:
    """The value that begins at `at`; None at a space, the end, or quotes that are never closed."""
    found = _VALUE.match(text, at)
    return Token(found[0], at) if found else None


def cut(text: str, at: int) -> list[Said]:
    """The parameters that begin at `at`, one after the other to the end.

    Raises:
        PromptError: A name is unknown, or quotes are never closed.
    """
    found: list[Said] = []
    while at < len(text):
        name = Token(_run(_WORD, text, at), at)
        parameter = _known(name, text)
        values = _rest(text, name.end) if parameter.kind == "words" else _values(text, name.end)
        found.append(Said(parameter, name, values))
        at = first_parameter(text, values[-1].end if values else name.end)
    return found


@cache
def _begin() -> re.Pattern[str]:
    """Two hyphens at the start of a word, or a long dash before the name of a parameter."""
    known = "|".join(sorted(names(), key=len, reverse=True))
    return re.compile(rf"(?<!\S)(?:--|[—–](?=(?:{known})(?!\S)))", re.IGNORECASE)


def _run(pattern: re.Pattern[str], text: str, at: int) -> str:
    """The characters from `at` on that match; none where none do."""
    found = pattern.match(text, at)
    return found[0] if found else ""


def _rest(text: str, at: int) -> tuple[Token, ...]:
    """All words up to the next parameter as one token; nothing where there are none."""
    end = first_parameter(text, at)
    start = at + len(text[at:end]) - len(text[at:end].lstrip())
    words = text[start:end].rstrip()
    return (Token(words, start),) if words else ()


def _values(text: str, at: int) -> tuple[Token, ...]:
    """The values up to the next parameter."""
    found: list[Token] = []
    while True:
        at += len(_run(_SPACE, text, at))
        if at == len(text) or begins_here(text, at):
            return tuple(found)
        value = value_at(text, at)
        if value is None:
            raise fault("these quotes are never closed", text, at)
        found.append(value)
        at = value.end


def _known(name: Token, text: str) -> Parameter:
    """The parameter that a word such as `--sref` names."""
    if not name.text.startswith("--"):
        right = f"--{name.text[1:].lower()}"
        message = f"a parameter begins with two hyphens: {right}"
        raise fault(message, text, name.start, len(name.text))
    word = name.text[2:].lower()
    known = names().get(word)
    if known is None:
        raise _unknown(word, name, text)
    return table()[known]


def _unknown(word: str, name: Token, text: str) -> PromptError:
    if not word.strip("-"):
        message = rf"two hyphens begin a parameter's name; write \{shown(name.text)} for hyphens"
        return fault(message, text, name.start, len(name.text))
    near = did_you_mean(name.text[:_LONGEST_NAME], [f"--{each}" for each in names()])
    letters = _run(_LETTERS, word, 0)
    if letters in names() and letters != word:
        value = word[len(letters) :].lstrip("=:")
        near = f"; did you mean --{letters} {shown(value)}?" if value else f"; write --{letters}"
    return fault(f"there is no {shown(name.text)}{near}", text, name.start, len(name.text))
