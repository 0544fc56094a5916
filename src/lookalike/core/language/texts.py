"""The words of a prompt, in parts that may have weights: `a house::2 a garden::-0.5`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lookalike.core.errors import PromptError
from lookalike.core.language.escapes import PAIR, escape, unescape
from lookalike.core.language.faults import fault
from lookalike.core.language.items import plain_number
from lookalike.core.language.tokens import Token
from lookalike.core.language.values import number, weight
from lookalike.core.records import Part

_MARK = re.compile(rf"{PAIR}|::", re.DOTALL)
_GLUED = re.compile(r"(?:(?!::)\S)*")  # what stands right behind two colons
_FIRST = re.compile(r"\A\S+")
# "::3d" is a word, "::2,5" a weight gone wrong.
_LIKE_A_NUMBER = re.compile(r"[+-]?\.?\d[\d.,:]*+(?![^\W\d_])", re.ASCII)


def parts(text: str, start: int, end: int) -> tuple[Part, ...]:
    """The parts that `text` holds between `start` and `end`; nothing where it is blank.

    Raises:
        PromptError: A part has no words, or what stands behind `::` is a weight gone wrong.
    """
    found: list[Part] = []
    at = start
    for mark in _MARK.finditer(text, start, end):
        if mark[0] == "::":
            words = _words(text, at, mark.start(), mark.start())
            given = _weight(text, mark.end(), end)
            found.append(Part(text=words, weight=weight(given, text) if given else 1.0))
            at = _behind(text, given.end) if given else mark.end()
    if text[at:end].strip():
        found.append(Part(text=_words(text, at, end, at)))
    return tuple(found)


def plain_words(value: Token, text: str) -> str:
    """The words behind `--no`, where weights mean nothing."""
    for mark in _MARK.finditer(value.text):
        if mark[0] == "::":
            message = r"words to avoid have no weights; write \:: for two colons"
            raise fault(message, text, value.start + mark.start(), 2)
    return unescape(value.text)


def write_parts(parts: Sequence[Part], first: Callable[[str], str] = escape) -> str:
    """Parts as they are read back; `first` escapes the words of the first of them."""
    words = [escape(part.text) if i else first(part.text) for i, part in enumerate(parts)]
    weights = [part.weight for part in parts]
    last = len(parts) - 1
    return " ".join(_written(words[i], weights[i], last=i == last) for i in range(len(parts)))


def guard(text: str) -> str:
    """As `escape`, and so that at the head of a prompt the first word is no picture."""
    words = escape(text)
    if words.startswith(('"', "@")):
        return "\\" + words
    return _FIRST.sub(
        lambda word: word[0].replace(".", r"\u002e").replace("://", r"\://"), words, count=1
    )


def _written(words: str, weight: float, *, last: bool) -> str:
    if weight != 1:
        return f"{words}::{plain_number(weight)}"
    return words if last else f"{words}::"


def _words(text: str, start: int, end: int, blame: int) -> str:
    words = unescape(text[start:end].strip())
    if not words.strip():
        raise _empty(text, blame)
    return words


def _empty(text: str, at: int) -> PromptError:
    colons = text.startswith("::", at)
    message = "no words stand before these colons" if colons else "this part holds no words"
    return fault(message, text, at, 2 if colons else 1)


def _weight(text: str, at: int, end: int) -> Token | None:
    """The weight right behind two colons; None where words or nothing stand there."""
    found = _GLUED.match(text, at, end)
    glued = found[0].rstrip(",") if found else ""
    if number(glued) is not None or _LIKE_A_NUMBER.match(glued):
        return Token(glued, at)
    return None


def _behind(text: str, at: int) -> int:
    """Past one comma that closes a weight, as in `a house::2, a garden`."""
    return at + 1 if text.startswith(",", at) else at
