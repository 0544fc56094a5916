"""Writes the guides' tables from the code that they describe, and nothing by hand.

`make docs` runs this before it builds the site; a test compares the page with the code.
"""

from __future__ import annotations

from pathlib import Path

from lookalike.cli.parameters import COLUMNS, in_markdown, listing, matrix
from lookalike.core.language import PROFILES

PARAMETERS = Path(__file__).parent.parent / "docs" / "guides" / "parameters.md"


def filled(text: str) -> str:
    """The text of the page on parameters with both tables as the code has them."""
    text = _placed(text, "parameters", in_markdown(COLUMNS, listing()))
    return _placed(text, "versions", in_markdown(("parameter", *PROFILES), matrix()))


def _placed(text: str, name: str, table: str) -> str:
    before, begin, rest = text.partition(f"<!-- table: {name} -->\n")
    _, end, after = rest.partition("\n<!-- end -->")
    if not (begin and end):
        raise SystemExit(f"{PARAMETERS.name} lacks the place of the table {name}")
    return f"{before}{begin}\n{table}\n{end}{after}"


if __name__ == "__main__":
    PARAMETERS.write_text(filled(PARAMETERS.read_text("utf-8")), "utf-8")
