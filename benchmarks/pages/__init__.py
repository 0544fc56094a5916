"""Pages of the site that are written from the code and from stored figures, and by nobody's hand.

`python -m benchmarks.pages` writes them, as `make docs` does first; a test compares each with what
the code and the figures give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.pages import commands, interface, licences, methods, scale, speed

DOCS = Path(__file__).parents[2] / "docs"

PAGES: Mapping[str, Callable[[], str]] = {
    "methods.md": methods.page,
    "python.md": interface.page,
    "commands.md": commands.page,
    "how-fast-is-it.md": speed.page,
    "scale.md": scale.page,
    "licences.md": licences.page,
}
"""Each page's file, and what gives its text."""


def write() -> list[Path]:
    """Write every page; gives their files."""
    for name, text in PAGES.items():
        (DOCS / name).write_text(text(), "utf-8")
    return [DOCS / name for name in PAGES]
