"""Puts the figures that were kept into the guide to the studio, and nothing by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Figures = Mapping[str, Any]

FIGURES = Path(__file__).parents[1] / "figures" / "studio.json"
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "studio.md"
BEGIN, END = "<!-- table: load -->\n", "<!-- end -->"


def _kills(found: Figures) -> str:
    check = ", ".join(found["integrity_check"])
    return (
        f"{found['accepted']} jobs of {found['clients']} clients accepted; "
        f"{found['states'].get('done', 0)} done, {found['lost']} lost, "
        f"{found['shown_twice']} results twice, {found['files_missing_or_broken']} files of "
        f"{found['files']} missing or broken; integrity_check: {check}"
    )


def _throughput(found: Figures) -> str:
    one, many = found["one_at_a_time"], found["at_once"]
    return (
        f"{many['pictures_a_minute']:g} pictures of {found['steps']} steps a minute, and "
        f"{one['pictures_a_minute']:g} one at a time: {found['times_as_many']:.2f} times as many"
    )


def _overhead(found: Figures) -> str:
    session, service = found["session"], found["service"]
    return (
        f"{service['seconds']:.2f} s for a picture of {found['steps']} steps, and "
        f"{session['seconds']:.2f} s by `Session`: {100 * found['more']:.1f} % more "
        f"({100 * found['more_in_pairs']:.1f} % in pairs, {100 * found['more_at_best']:.1f} % at "
        f"best); of processor time "
        f"{service['processor']:.2f} s and {session['processor']:.2f} s"
    )


def _first(found: Figures) -> str:
    return (
        f"{found['seconds']:.2f} s after the request for four pictures of 20 steps, which end "
        f"after {found['seconds_to_the_end']:.2f} s"
    )


def _start(found: Figures) -> str:
    return (
        f"{found['seconds']:.1f} s ({found['processor']:.1f} s of processor time); the first "
        f"picture after {found['seconds_to_the_first_picture']:.1f} s"
    )


LINES: Mapping[str, tuple[str, Callable[[Figures], str]]] = {
    "kills": ("killed at {kills} random moments", _kills),
    "throughput": ("{jobs} jobs at once", _throughput),
    "overhead": ("the service beside `Session`", _overhead),
    "first-preview": ("the first preview", _first),
    "start": ("from the command until it answers", _start),
}


def table(figures: Mapping[str, Figures]) -> str:
    """A line for each part whose figures are there."""
    told = [
        f"| {name.format(**figures[part])} | {line(figures[part])} |"
        for part, (name, line) in LINES.items()
        if part in figures
    ]
    return "\n".join(["| what | figures |", "| --- | --- |", *told])


def kept() -> dict[str, Figures]:
    """The figures that were kept."""
    return json.loads(FIGURES.read_text("utf-8")) if FIGURES.is_file() else {}


def filled(text: str) -> str:
    """The guide with the figures that were kept."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{GUIDE.name} lacks the place of the figures")
    return f"{before}{begin}\n{table(kept())}\n\n{end}{after}"


def keep(part: str, found: Figures) -> None:
    """Put a part's figures in the place of those that were kept before, and into the guide."""
    FIGURES.write_text(json.dumps({**kept(), part: found}, indent=2) + "\n", "utf-8")
    GUIDE.write_text(filled(GUIDE.read_text("utf-8")), "utf-8")
