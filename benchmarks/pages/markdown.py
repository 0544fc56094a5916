"""What generated pages are put together from: tables, code in words, text out of docstrings."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import FunctionType

ROOT = Path(__file__).parents[2]
WRITTEN = "<!-- Written by `python -m benchmarks.pages`; what is changed here by hand is lost. -->"
SECTIONS = ("Args", "Raises", "Returns", "Yields")


def head(title: str, *paragraphs: str) -> str:
    """How a written page begins."""
    return "\n\n".join([f"# {title}", WRITTEN, *paragraphs]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars inside cells are escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    cells = ([one.replace("|", "\\|").replace("\n", " ") for one in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def code(text: object) -> str:
    """Something in the type of programs."""
    return f"`{text}`"


def source(thing: type | FunctionType) -> str:
    """The file of a class or function, from the repository's root."""
    file = sys.modules[thing.__module__].__file__
    return Path(file or "").resolve().relative_to(ROOT).as_posix()


def docstring(thing: object) -> str:
    """Its own docstring in Markdown: code in single backticks, sections as bold words."""
    text = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    for name in SECTIONS:
        section = re.compile(rf"^{name}:\n((?:    .*\n?)+)", re.MULTILINE)
        text = section.sub(lambda found, of=name: f"**{of}:** {_line(found[1])}\n", text)
    # Prose alone: an asterisk or an angle bracket in it is not meant as a mark.
    return re.sub(r"<(?=[a-z])", "&lt;", text).strip()


def _line(text: str) -> str:
    return " ".join(text.split())
