"""Pictures in a prompt: at its head, or behind `--sref` and its kin; each may have a weight."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

from lookalike.core.errors import PromptError
from lookalike.core.language.escapes import QUOTED, quote, unquote
from lookalike.core.language.faults import fault, shown
from lookalike.core.language.tokens import Token
from lookalike.core.language.values import weight
from lookalike.core.records import CODE, Reference, Role

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif")
"""What the name of a picture ends with, in small or capital letters."""

CODES = 2**32
"""Codes of styles are whole numbers below this."""

_DIGITS = re.compile(r"\d+", re.ASCII)
_URL = re.compile(r"https?://\S", re.IGNORECASE)
_QUOTED = re.compile(QUOTED, re.DOTALL)
_TAIL = re.compile(rf'(?:::(?P<weight>[^:,"]*)(?:::(?P<by>{QUOTED}|[^\s,":]+))?)?,?', re.DOTALL)
_BARE = re.compile(r'(?!--|\\)[^\s"{},\x00-\x1f\x7f-\x9f]+')
_METHOD = re.compile(r"[a-z][a-z0-9-]*")


class Item(NamedTuple):
    """A picture as it stands in a text: its name, and what is behind the name."""

    token: Token
    source: str
    quoted: bool
    tail: Token

    @property
    def name(self) -> Token:
        """The piece of the token before weight and comma."""
        return Token(self.token.text[: len(self.token.text) - len(self.tail.text)], self.start)

    @property
    def start(self) -> int:
        """Where the item begins."""
        return self.token.start


def item_of(token: Token) -> Item:
    """A token parted into the name of a picture and what is behind it."""
    quoted = _QUOTED.match(token.text)
    if quoted:
        source, end = unquote(quoted[0]), quoted.end()
    else:
        colons = token.text.find("::")
        end = colons if colons >= 0 else len(token.text.removesuffix(","))
        source = token.text[:end]
    return Item(token, source, bool(quoted), Token(token.text[end:], token.start + end))


def is_picture(source: str) -> bool:
    """Whether a name is that of a picture: by its ending, or as `@name`."""
    if source.startswith("@"):
        return len(source) > 1
    path = re.split(r"[?#]", source, maxsplit=1)[0] if _URL.match(source) else source
    return path.lower().endswith(ENDINGS) and path.lower() not in ENDINGS


def is_address(source: str) -> bool:
    """Whether a name is a URL."""
    return _URL.match(source) is not None


def reference(
    item: Item, role: Role, text: str, *, codes: bool = False, chance: random.Random | None = None
) -> Reference:
    """What an item names, in a role; with `codes`, digits and `random` name a style's code.

    Raises:
        PromptError: It names no picture, or what is behind the name is no weight.
    """
    source = item.source
    if not item.quoted and codes and source.lower() == "random":
        source = f"{CODE}{(chance or random.Random()).randrange(CODES)}"
    elif not item.quoted and codes and _DIGITS.fullmatch(source):
        source = f"{CODE}{_code(item, text)}"
    elif not (source if item.quoted else is_picture(source)):
        raise _no_picture(item, text, codes=codes)
    behind = _TAIL.fullmatch(item.tail.text)
    if behind is None:
        message = f"{shown(item.tail.text)} should be a weight, such as ::2 or ::0.5"
        raise fault(message, text, item.tail.start, len(item.tail.text))
    by = behind["by"]
    return Reference(
        source=source,
        role=role,
        weight=_weight(behind["weight"], item, text),
        by=unquote(by) if by and by.startswith('"') else by,
    )


def write_item(reference: Reference) -> str:
    """A reference as an item: its name, in quotes where it needs them, and its weight."""
    said = _name(reference)
    if reference.weight != 1 or reference.by is not None:
        said += f"::{plain_number(reference.weight)}"
    if reference.by is not None:
        plain = _METHOD.fullmatch(reference.by)
        said += f"::{reference.by if plain else quote(reference.by)}"
    return said


def plain_number(value: float) -> str:
    """A number as it is read back exactly, without a needless `.0`."""
    return repr(float(value)).removesuffix(".0")


def _name(reference: Reference) -> str:
    code = reference.source.removeprefix(CODE)
    if reference.role == "style" and reference.source.startswith(CODE) and _is_code(code):
        return code
    source = reference.source
    bare = _BARE.fullmatch(source) and "::" not in source and not source.endswith(":")
    return source if bare and is_picture(source) else quote(source)


def _is_code(digits: str) -> bool:
    return bool(re.fullmatch(r"0|[1-9]\d{0,9}", digits, re.ASCII)) and int(digits) < CODES


def _code(item: Item, text: str) -> int:
    digits = item.source.lstrip("0") or "0"
    if not _is_code(digits):
        message = f"codes of styles go from 0 to {CODES - 1}; {shown(item.source)} lies outside"
        raise fault(message, text, item.start, len(item.source))
    return int(digits)


def _weight(said: str | None, item: Item, text: str) -> float:
    return weight(Token(said, item.tail.start + 2), text) if said else 1.0


def _no_picture(item: Item, text: str, *, codes: bool) -> PromptError:
    others = "@name, a code or random" if codes else "@name"
    name = f"`{shown(item.name.text)}`" if item.name.text else "this"
    endings = ", ".join(ENDINGS)
    message = (
        f"{name} is no picture: pictures end in {endings}, or are {others}; "
        "words stand before the parameters"
    )
    return fault(message, text, item.start, max(1, len(item.name.text)))
