"""Takes the studio's figures: `python -m benchmarks.studio PART`, which prints and keeps them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping

from benchmarks.studio.first import first_preview, start
from benchmarks.studio.kills import kills
from benchmarks.studio.overhead import overhead
from benchmarks.studio.page import keep
from benchmarks.studio.throughput import throughput

PARTS: Mapping[str, Callable[[], dict[str, object]]] = {
    "kills": kills,
    "overhead": overhead,
    "throughput": throughput,
    "first-preview": first_preview,
    "start": start,
}


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
