"""Takes the studio's figures: `python -m benchmarks.studio PART`, which prints and keeps them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.studio.first import first_preview, start
from benchmarks.studio.kills import kills
from benchmarks.studio.overhead import overhead
from benchmarks.studio.throughput import throughput

FIGURES = Path(__file__).parents[1] / "figures" / "studio.json"

PARTS: Mapping[str, Callable[[], dict[str, object]]] = {
    "kills": kills,
    "overhead": overhead,
    "throughput": throughput,
    "first-preview": first_preview,
    "start": start,
}


def keep(part: str, found: dict[str, object]) -> None:
    """Put a part's figures in the place of those that were kept before."""
    kept = json.loads(FIGURES.read_text("utf-8")) if FIGURES.is_file() else {}
    FIGURES.write_text(json.dumps({**kept, part: found}, indent=2) + "\n", "utf-8")


def main() -> None:
    """Take the figures of the parts that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studio", description=__doc__)
    parser.add_argument("parts", nargs="+", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    for part in parser.parse_args().parts:
        found = PARTS[part]()
        print(json.dumps({part: found}, indent=2))
        keep(part, found)


if __name__ == "__main__":
    main()
