"""Puts the figures of the documentation into the studio's page: `python -m benchmarks.page`.

The tables and plots of "How good is it?" and "How well it reads" become one file of data and the
plots themselves, in the package; a test compares them with the documentation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
SOURCES = ("how-good-is-it.md", "how-well-it-reads.md")
FILES = HERE.parent / "src" / "lookalike" / "studio" / "page" / "files"
DATA = "figures.json"

Block = dict[str, Any]

_HEADING = re.compile(r"(#{1,3}) (.+)")
_IMAGE = re.compile(r"!\[([^]]*)]\(([^)]+)\)")
_RULE = re.compile(r"\|[\s|:-]+\|")


def blocks(text: str) -> Iterator[Block]:
    """What stands in a page, in order: headings, paragraphs, lists, tables and plots."""
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = part.strip().splitlines()
        if found := _HEADING.fullmatch(lines[0]):
            yield {"heading": plain(found[2]), "level": len(found[1])}
        elif found := _IMAGE.fullmatch(lines[0]):
            # Sheets of pictures stay in the documentation: they are large.
            if found[2].endswith(".svg"):
                yield {"plot": Path(found[2]).name, "alt": found[1]}
        elif lines[0].startswith("|"):
            rows = [_cells(line) for line in lines if not _RULE.fullmatch(line)]
            yield {"head": rows[0], "rows": rows[1:]}
        elif lines[0].startswith("- "):
            yield {"list": [plain(line.removeprefix("- ")) for line in lines]}
        else:
            yield {"text": plain(" ".join(lines))}


def plain(text: str) -> str:
    """A line without its marks."""
    text = re.sub(r"(?<!!)\[([^]]*)]\([^)]*\)", r"\1", text)
    return re.sub(r"\*\*|`", "", text)


def _cells(line: str) -> list[str]:
    return [plain(cell.strip()) for cell in line.strip().strip("|").split("|")]


def pages() -> list[list[Block]]:
    """All pages of figures."""
    return [list(blocks((DOCS / name).read_text("utf-8"))) for name in SOURCES]


def plots() -> Iterator[Path]:
    """The plots that the pages show."""
    for name in SOURCES:
        for _, where in _IMAGE.findall((DOCS / name).read_text("utf-8")):
            if where.endswith(".svg"):
                yield DOCS / where


def text() -> str:
    """The file of data, a line for each block."""
    said = [",\n".join(json.dumps(b, ensure_ascii=False) for b in page) for page in pages()]
    return "[\n" + ",\n".join(f"[\n{page}\n]" for page in said) + "\n]\n"


def main() -> None:
    """Write the data and the plots."""
    (FILES / DATA).write_text(text(), encoding="utf-8")
    for plot in plots():
        (FILES / plot.name).write_bytes(plot.read_bytes())


if __name__ == "__main__":
    main()
