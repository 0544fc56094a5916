"""Complaints about a prompt: a sentence, the place in the text, and carets under it."""

from __future__ import annotations

from lookalike.core.errors import PromptError, point_at

_WINDOW = 76  # characters of a long prompt that are shown: a line of a terminal
_SHOWN = 40  # characters of a wrong word that are repeated in the sentence


def fault(message: str, text: str, start: int, length: int = 1) -> PromptError:
    """The error `message`, with carets under `length` characters of `text` from `start` on."""
    found = PromptError(complaint(message, text, start, length))
    found.place = (start, length)
    return found


def complaint(message: str, text: str, start: int, length: int = 1) -> str:
    """Three lines: `message`, the piece of `text` around `start`, and carets; the first of a blank.

    Line breaks and control characters of the text are shown as one plain character each.
    """
    if not text.strip():
        return message
    begin = max(0, min(start - _WINDOW // 2, len(text) - _WINDOW))
    piece = plain(text[begin : begin + _WINDOW])
    if begin > 0:
        piece = "…" + piece[1:]
    if begin + _WINDOW < len(text):
        piece = piece[:-1] + "…"
    return f"{message}\n{point_at(piece, start - begin, length)}"


def plain(text: str) -> str:
    """`text` with each character that does not print replaced by a space or a dot."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "·" for c in text)


def shown(word: str) -> str:
    """A wrong word as a sentence can repeat it: short, and without control characters."""
    return plain(word if len(word) <= _SHOWN else word[: _SHOWN - 1] + "…")
