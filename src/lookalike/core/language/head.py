"""The pictures at the head of a prompt, and where its words begin."""

from __future__ import annotations

import re

from lookalike.core.language.faults import fault, shown
from lookalike.core.language.items import ENDINGS, Item, is_address, is_picture, item_of
from lookalike.core.language.tokens import Token, begins_here, value_at

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"\S+")


def head(text: str) -> tuple[list[Item], int]:
    """The pictures that a prompt begins with, and where what follows them begins.

    A word at the head is a picture where it ends like one (`.png`, `.jpg`, `.jpeg`, `.webp`,
    `.gif`), a URL's query aside, or is `@name`; a name with spaces stands between double quotes.
    A weight may follow it (`hero.png::2`), and a comma.

    Raises:
        PromptError: A URL stands there that does not end like a picture.
    """
    found: list[Item] = []
    at = 0
    while (item := _picture_at(text, at)) is not None:
        found.append(item)
        at = item.token.end
    return found, at


def pictures_among_words(text: str, start: int, end: int) -> list[Token]:
    """The words of a prompt that would be pictures at its head."""
    words = (Token(found[0], found.start()) for found in _WORD.finditer(text, start, end))
    return [word for word in words if word.text.lower().endswith(ENDINGS)]


def _picture_at(text: str, at: int) -> Item | None:
    at = _space(text, at)
    token = value_at(text, at)
    if token is None or begins_here(text, at):
        return None
    item = item_of(token)
    if item.quoted:
        behind = item.tail.text
        fits = not behind or behind == "," or behind.startswith("::")
        return item if fits and is_picture(item.source) else None
    if token.text.startswith(('\\"', "\\@")):
        return None
    if is_picture(item.source):
        return item
    if is_address(item.source):
        message = (
            f"{shown(item.source)} is no picture's address: that ends in {', '.join(ENDINGS)}"
            r" (for words, write \: for the colon)"
        )
        raise fault(message, text, item.start, len(item.source))
    return None


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
