"""Writes the guides' tables from the code that they describe, and nothing by hand.

`make docs` runs this before it builds the site; a test compares the page with the code.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.readme import with_tables
from lookalike.cli.parameters import COLUMNS, in_markdown, listing, matrix
from lookalike.core.language import PROFILES

PARAMETERS = Path(__file__).parent.parent / "docs" / "guides" / "parameters.md"


def filled(text: str) -> str:
    """The text of the page on parameters with both tables as the code has them."""
    tables = {
        "parameters": in_markdown(COLUMNS, listing()),
        "versions": in_markdown(("parameter", *PROFILES), matrix()),
    }
    return with_tables(text, tables, PARAMETERS.name)


if __name__ == "__main__":
    PARAMETERS.write_text(filled(PARAMETERS.read_text("utf-8")), "utf-8")
