"""Writes the tables of the README from the figures that the commands print, and nothing by hand.

`make figures` runs both commands and then this; a test compares the README with the stored figures.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from lookalike.evaluate.metrics import JUDGED

HERE = Path(__file__).parent
FIGURES = HERE / "figures"
README = HERE.parent / "README.md"
ASKED = [
    *("hair", "hair_colour", "facial_hair", "glasses", "mouth", "eyes"),
    *("clothes", "clothes_colour", "mean"),
]
FINE = ["hair", "clothes", "mouth", "eyes"]
"""Shapes, which the mean over the judged seven leaves out."""
REPORT = [
    *("vae.psnr", "clip.r1", "clip.r5"),
    *(f"clip.attributes.{name}" for name in ASKED),
    *("attributes.mean", *(f"attributes.{name}" for name in JUDGED)),
    *(f"attributes.{name}" for name in FINE),
    *("end_state.mean", "combinations.mean", "probe.mean", "seconds.grid"),
]


def report(figures: dict[str, float]) -> str:
    """Mini's own figures, one a row."""
    rows = [f"| `{key}` | {figures[key]:.4g} |" for key in REPORT]
    return "\n".join(["| figure | value |", "|---|---|", *rows])


def round_trip(found: dict[str, Any]) -> str:
    """The rows between floor and ceiling, and the two figures that have no row."""
    heads = ["from", "mean", *(name.replace("_", " ") for name in JUDGED)]
    rows = [
        " | ".join(
            [row["name"], f"{row['mean']:.3f}", *(f"{row['attributes'][n]:.2f}" for n in JUDGED)]
        )
        for row in found["rows"]
    ]
    lines = [" | ".join(heads), "|".join("---" for _ in heads), *rows]
    table = "\n".join(f"| {line} |" if "---" not in line else f"|{line}|" for line in lines)
    return (
        f"{table}\n\nHalf-way between floor and ceiling is {found['halfway']:.3f}. The best "
        f"description's attributes have an F1 of {found['description_f1']:.3f}."
    )


def filled(text: str, figures: Path = FIGURES) -> str:
    """The README's text with both tables as the stored figures have them."""
    tables = {
        "report": report(json.loads((figures / "report.json").read_text("utf-8"))),
        "round-trip": round_trip(json.loads((figures / "round-trip.json").read_text("utf-8"))),
    }
    for name, table in tables.items():
        between = re.compile(rf"(<!-- table: {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
        text, count = between.subn(lambda m, t=table: f"{m[1]}\n{t}\n{m[2]}", text)
        if count != 1:
            raise SystemExit(f"README.md lacks the place of the table {name}")
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text("utf-8")), "utf-8")
