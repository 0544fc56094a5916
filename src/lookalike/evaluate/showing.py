"""What the converters' benchmark shows: cells of its tables, rows for a spreadsheet, sheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from PIL import Image

from lookalike.core.intervals import Interval
from lookalike.core.sheets import sheet
from lookalike.evaluate.converters import Finished
from lookalike.evaluate.table import Converters, Table

LIKENESS, EDITING = ("agreement", "clip_i"), ("edit_accuracy", "clip_t")
COMPARED = ("agreement", "identity", "clip_i", "edit_accuracy", "kept", "clip_t")
"""Scores whose paired differences to the closed form are shown."""

Cells = list[tuple[str, ...]]
TILE = 80


def cell(figure: Interval | None, sign: str = "") -> str:
    """A mean and its interval, "0.84 [0.81, 0.87]"; empty where there is none."""
    if figure is None:
        return ""
    form = f"{sign}.2f" if max(abs(figure.mean), abs(figure.high)) < 10 else f"{sign}.3g"
    small = f"{sign}.3f" if abs(figure.mean) < 0.1 else form
    low, high = f"{figure.low:{small}}", f"{figure.high:{small}}"
    return f"{figure.mean:{small}} [{low}, {high}]"


def main_table(table: Table) -> tuple[tuple[str, ...], Cells]:
    """Heads and rows of a domain's figures."""
    names = table.columns
    rows = [
        (line.method, *(cell(line.figures.get(name)) for name in names)) for line in table.lines
    ]
    return (table.domain, *(name.replace("_", " ") for name in names)), rows


def differences(table: Table) -> tuple[tuple[str, ...], Cells]:
    """Heads and rows of the paired differences to the closed form; no rows where it is missing."""
    compared = [line for line in table.lines if line.against]
    names = [name for name in COMPARED if any(name in line.against for line in compared)]
    rows = [
        (line.method, *(cell(line.against.get(name), "+") for name in names)) for line in compared
    ]
    return ("minus closed-form", *(name.replace("_", " ") for name in names)), rows


def spreadsheet(found: Converters) -> str:
    """All tables as CSV: a row for each domain and method, three columns for each figure."""
    names = list(dict.fromkeys(name for table in found.tables for name in table.columns))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = [head for name in names for head in (name, f"{name}_low", f"{name}_high")]
    writer.writerow(["domain", "method", "converter", "references", *heads])
    for table in found.tables:
        for line in table.lines:
            figures = [line.figures.get(name) for name in names]
            ends = [end for one in figures for end in _ends(one)]
            writer.writerow([table.domain, line.method, line.converter, table.references, *ends])
    return text.getvalue()


def _ends(figure: Interval | None) -> tuple[float | str, ...]:
    return ("", "", "") if figure is None else (figure.mean, figure.low, figure.high)


def axes(table: Table) -> tuple[str, str] | None:
    """What stands for editability and what for likeness in a domain; None without either."""
    found = [next((n for n in names if n in table.columns), None) for names in (EDITING, LIKENESS)]
    return None if None in found else (str(found[0]), str(found[1]))


def domain_sheet(finished: Finished) -> Image.Image:
    """The first references in columns; below them, for each method, a likeness and an edit."""
    cells = list(_tiles(finished))
    page = sheet(
        [picture for picture, _ in cells],
        min(len(finished.domain.subjects), _columns(finished)),
        labels=[label for _, label in cells],
        tile=TILE,
        gap=4,
    )
    # Few colours are enough for a sheet, and make a small file.
    return page.quantize(256, dither=Image.Dither.NONE)


def _columns(finished: Finished) -> int:
    return len(finished.kept[0].pictures()[0])


def _tiles(finished: Finished) -> Iterator[tuple[Image.Image, str]]:
    subjects = finished.domain.subjects[: _columns(finished)]
    for one in subjects:
        yield one.picture, "reference"
    for kept in finished.kept:
        likenesses, edits = kept.pictures()
        yield from ((picture, kept.method) for picture in likenesses)
        if any(one.edits for one in subjects):
            words = [one.edits[0].words if one.edits else "" for one in subjects]
            yield from zip(edits, words, strict=True)
