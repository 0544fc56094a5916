"""Writes the guide's tables of memory: what weights take, and what rehearsals took at most.

`python -m benchmarks.memory` counts the weights of the real shapes anew, without making them, and
fills both tables from `figures/rehearsal.json`, which `python -m benchmarks.rehearse` adds to.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
from pathlib import Path
from typing import Any

from benchmarks.commands import COMMANDS
from benchmarks.configs import SHAPES
from benchmarks.rehearse import FIGURES, GIB, LOADED
from lookalike.core.files import write_json

PAGE = Path(__file__).parent.parent / "docs" / "guides" / "memory.md"
WEIGHTS = "weights"
NAMES = {"sd15": "SD 1.5", "sd15-inpainting": "SD 1.5 inpainting", "sd21": "SD 2.1", "sdxl": "SDXL"}
SEEING = {LOADED[True], *(each.name for each in COMMANDS if each.eyes)}
SEEN_ALONE = "batch, embed"
SPARE = 0.25
"""GiB that a command may need beyond what was measured."""


def counted(name: str) -> dict[str, int]:
    """How many weights a shape has, in what is loaded at once, and in the CLIP that sees."""
    from benchmarks.shapes import modules

    parts = {part: module for part, (module, _, _) in modules(SHAPES[name])}
    sizes = {part: sum(w.numel() for w in m.state_dict().values()) for part, m in parts.items()}
    seeing = parts["clip"].vision_model.state_dict().values()
    return {
        "loaded": sum(size for part, size in sizes.items() if part != "clip"),
        # The text tower is the checkpoint's own, and kept once.
        "eyes": sum(weight.numel() for weight in seeing),
    }


def weights_table(told: dict[str, Any]) -> str:
    """What the weights of each model take, in GiB."""
    lines = ["| model | float32 | bfloat16 | with eyes, float32 | with eyes, bfloat16 |"]
    lines.append("|---|---|---|---|---|")
    for name, sizes in told[WEIGHTS].items():
        both = sizes["loaded"], sizes["loaded"] + sizes["eyes"]
        cells = [f"{size * width / GIB:.1f}" for size in both for width in (4, 2)]
        lines.append(f"| {NAMES[name]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def commands_table(told: dict[str, Any]) -> str:
    """The whole GiB that each rehearsed command needs, its loading included."""
    runs = {key: rows for key, rows in told.items() if key.split(",")[0] in NAMES}
    heads = [f"{NAMES[key.split(',')[0]]},{key.split(',')[1]}" for key in runs]
    lines = [f"| command | {' | '.join(heads)} |", "|---" * (1 + len(runs)) + "|"]
    for name in dict.fromkeys(name for rows in runs.values() for name in rows):
        cells = [_need(rows, name) for rows in runs.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _need(rows: dict[str, Any], name: str) -> str:
    """The minimum for a command; a dash where it was not rehearsed, or failed.

    One that was killed needed more than there was.
    """
    row = rows.get(name, {})
    if row.get("failed") == -signal.SIGKILL and "peak" in row:
        return f"> {math.floor(row['peak'])}"
    if "peak" not in row or "failed" in row:
        return "–"
    return str(math.ceil(max(row["peak"], _loading(rows, eyes=name in SEEING)) + SPARE))


def _loading(rows: dict[str, Any], *, eyes: bool) -> float:
    """What loading takes; with eyes, as a command shows that does so in a process of its own."""
    order = (SEEN_ALONE, LOADED[True]) if eyes else (LOADED[False],)
    return next((rows[each]["peak"] for each in order if each in rows), 0.0)


def filled(text: str) -> str:
    """The page with both tables as the figures have them."""
    told = json.loads(FIGURES.read_text("utf-8"))
    for name, table in (("weights", weights_table(told)), ("commands", commands_table(told))):
        before, begin, rest = text.partition(f"<!-- table: {name} -->\n")
        _, end, after = rest.partition("\n<!-- end -->")
        if not (begin and end):
            raise SystemExit(f"{PAGE.name} lacks the place of the table {name}")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def main() -> None:
    """Count, and fill the page."""
    argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__).parse_args()
    told = json.loads(FIGURES.read_text("utf-8"))
    told[WEIGHTS] = {name: counted(name) for name in NAMES}
    write_json(FIGURES, told)
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
