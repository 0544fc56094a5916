"""Writes the guides' tables from the code and the figures that they tell of, and none by hand.

`make docs` runs this before it builds the site; tests compare the pages with what is told here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.measuring.figures import FIGURES
from benchmarks.pages.markdown import table
from lookalike.cli.parameters import COLUMNS, in_markdown, listing, matrix
from lookalike.core.files import read_json
from lookalike.core.language import PROFILES

GUIDES = Path(__file__).parent.parent / "docs" / "guides"
PARAMETERS, SPEED = GUIDES / "parameters.md", GUIDES / "speed.md"

Row = Mapping[str, Any]

OPTIONS = {
    "bfloat16": "`bfloat16`",
    "lcm": "`lcm`, 4 steps",
    "compile": "`compile`, from the second picture on",
    "unipc": "`unipc`",
    "int8": "`int8`",
    "channels-last": "`channels-last`",
    "one-by-one": "`one-by-one`",
}
REFERENCES = {
    "image by image-prompt": "image prompt",
    "style by style-aligned": "`--sref`, a new picture each time",
    "style by style-aligned, the same again": "`--sref`, the same picture again",
    "style by reference-only": "`--sref` by `reference-only`",
    "character by subject": "`--cref`",
}


def of_parameters(text: str) -> str:
    """The text of the page on parameters with both tables as the code has them."""
    text = _placed(text, "parameters", in_markdown(COLUMNS, listing()))
    return _placed(text, "versions", in_markdown(("parameter", *PROFILES), matrix()))


def of_speed(text: str) -> str:
    """The text of the page on speed with its tables as the kept figures have them."""
    kept = read_json(FIGURES / "speed.json")
    options, references = ({row["what"]: row for row in kept[part]["rows"]} for part in TOLD)
    without = "time, times that without it"
    text = _placed(
        text,
        "options",
        table(
            ("word", without, "pictures differ by, of 255 in the mean"),
            [
                (words, _times(row), _difference(row))
                for name, words in OPTIONS.items()
                for row in [options[f"{name}: seconds"]]
            ],
        ),
    )
    text = _placed(text, "memory of options", _memory(options))
    rows = [(words, _times(references[what])) for what, words in REFERENCES.items()]
    return _placed(text, "references", table(("reference", without), rows))


TOLD = ("options", "references")


def _times(row: Row) -> str:
    return f"{row['ratio']:.2f}"


def _difference(row: Row) -> str:
    found = re.search(r"pictures differ by ([\d.]+) of 255", row["note"])
    if not found:
        raise SystemExit(f"the figure {row['what']!r} does not tell how pictures differ")
    return f"{float(found[1]):.2g}"


def _memory(options: Mapping[str, Row]) -> str:
    told = {
        f"`{what.split(':')[0]}` at {what.split()[-2]} pixels": _times(row)
        for what, row in options.items()
        if ": memory at " in what
    }
    return table(("word", "memory of the process, times that without it"), list(told.items()))


def _placed(text: str, name: str, filling: str) -> str:
    before, begin, rest = text.partition(f"<!-- table: {name} -->\n")
    _, end, after = rest.partition("\n<!-- end -->")
    if not (begin and end):
        raise SystemExit(f"the page lacks the place of the table {name}")
    return f"{before}{begin}\n{filling}\n{end}{after}"


PAGES: Mapping[Path, Callable[[str], str]] = {PARAMETERS: of_parameters, SPEED: of_speed}

if __name__ == "__main__":
    for page, filled in PAGES.items():
        page.write_text(filled(page.read_text("utf-8")), "utf-8")
