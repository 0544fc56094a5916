r"""Characters that mean something to the language, written so that they mean themselves.

A backslash before one of ``\ { } , : - " @ — –`` makes it a plain character: ``\--`` are two
hyphens, ``\::`` two colons, ``\{`` a brace, ``\\`` a backslash. ``\u`` and four hexadecimal digits
stand for the character of that number: ``\u000a`` is a line break, ``\u0020`` a space that is
kept at the edge of a text, ``\u002e`` a dot that makes no picture's name of a prompt's first word.
Before anything else a backslash is itself. This holds in texts and between double quotes; a path
without quotes holds backslashes as they are, so that ``C:\pictures\hero.png`` needs none of it.
"""

from __future__ import annotations

import re

from lookalike.core.language.faults import fault

_MARKS = r'\\{},:\-"@—–'
_ESCAPE = re.compile(rf"\\(?:u((?![dD][89a-fA-F])[0-9a-fA-F]{{4}})|([{_MARKS}]))")
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
_COLONS = re.compile(r"::+|:\Z")
_DASHES = re.compile(r"(?<!\S)(--|[—–](?=[^\W\d_]))")

PAIR = r"\\."
"""A backslash and what follows it: a pattern, to be skipped with DOTALL by whoever scans a text."""

QUOTED = r'"(?:\\.|[^"\\])*+"'
"""A pattern for what stands between double quotes, the quotes included; needs DOTALL."""

_BRACE = re.compile(rf"{PAIR}|[{{}}]", re.DOTALL)


def unescape(text: str) -> str:
    """`text` with each escape replaced by its character."""
    return _ESCAPE.sub(lambda found: found[2] or chr(int(found[1], 16)), text)


def unquote(text: str) -> str:
    """What stands between the quotes of `text`, without its escapes."""
    return unescape(text[1:-1])


def escape(text: str) -> str:
    """`text` so that, as a part of a prompt, it is read back as it is; always one line."""
    text = re.sub(r"[\\{}]", r"\\\g<0>", text)
    text = _COLONS.sub(lambda found: r"\:" * len(found[0]), text)
    text = _DASHES.sub(r"\\\1", text)
    text = _edges(text)
    return _CONTROL.sub(lambda found: _numbered(found[0]), text)


def quote(text: str) -> str:
    """`text` between double quotes; always one line."""
    text = re.sub(r'[\\{}"]', r"\\\g<0>", text)
    return f'"{_CONTROL.sub(lambda found: _numbered(found[0]), text)}"'


def refuse_braces(text: str) -> None:
    """Raise `PromptError` where `text` still offers a choice in braces."""
    for found in _BRACE.finditer(text):
        if found[0] in "{}":
            message = f"braces offer choices: expand the prompt, or write \\{found[0]} for a brace"
            raise fault(message, text, found.start())


def _edges(text: str) -> str:
    """Spaces at the edges as numbers, for a reader strips them."""
    body = text.strip()
    if not body:
        return "".join(map(_numbered, text))
    head, tail = text[: text.index(body)], text[text.index(body) + len(body) :]
    return "".join(map(_numbered, head)) + body + "".join(map(_numbered, tail))


def _numbered(character: str) -> str:
    return f"\\u{ord(character):04x}"
