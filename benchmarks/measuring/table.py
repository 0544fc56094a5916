"""Tables: rows as people read them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from benchmarks.measuring.rows import Row

MARKS = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}


def table(rows: Iterable[Row]) -> Table:
    """All rows as one table."""
    made = Table(title="Ours against theirs")
    for name in ("part", "what"):
        made.add_column(name)
    for name in ("ours", "theirs", "ratio", "goal", "reached", "MiB ours", "MiB theirs"):
        made.add_column(name, justify="right")
    made.add_column("note")
    for row in rows:
        made.add_row(*_cells(row))
    return made


def _cells(row: Row) -> list[str]:
    sign = "≤" if row.better == "less" else "≥"
    return [
        row.part,
        row.what,
        f"{row.ours:.3g} {row.unit}",
        _said(row.theirs, f".3g}} {row.unit}"),
        _said(row.ratio, ".3f}"),
        _said(row.goal, "g}", f"{sign} "),
        MARKS[row.reached],
        _said(row.ours_mb, ".0f}"),
        _said(row.theirs_mb, ".0f}"),
        row.note,
    ]


def _said(value: float | None, form: str, before: str = "") -> str:
    return "" if value is None else before + ("{:" + form).format(value)
