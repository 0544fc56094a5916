"""Times our work against peers': `python -m benchmarks.speed [PART…] [--only PIECE] [--quick]`.

Without PART all parts run, one after another. Every row is kept in figures/speed.json as soon as
it is there; a rehearsal (`--quick`) keeps nothing.
"""

from __future__ import annotations

import argparse
import json
import sys

from rich.console import Console

from benchmarks.measuring import Asked, Row
from benchmarks.measuring.figures import keep
from benchmarks.measuring.parts import names, part
from benchmarks.measuring.table import table
from lookalike.core.errors import LookalikeError


def run(name: str, asked: Asked) -> list[Row]:
    """All rows of a part, kept as they come."""
    found: list[Row] = []
    for row in part(name)(asked):
        print(f"{name}: {row.what}: {row.ours:.3g} {row.unit}", file=sys.stderr)
        found.append(row)
        if not asked.quick:
            keep([row])
    if not asked.quick and not asked.only:
        keep(found, whole=name)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run parts, and print a table or one JSON list."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(names()))
    parser.add_argument("--only", action="append", default=[], help="a piece of a part, by name")
    parser.add_argument("--quick", action="store_true", help="a rehearsal, of which nothing stays")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    given = parser.parse_args(arguments)
    asked = Asked(given.quick, tuple(given.only))
    try:
        chosen = given.parts or names()
        for name in chosen:
            part(name)
        found = [row for name in chosen for row in run(name, asked)]
    except LookalikeError as fault:
        print(f"benchmarks.speed: {fault}", file=sys.stderr)
        return fault.exit_code
    if given.json:
        print(json.dumps([row.model_dump(exclude_none=True) for row in found], indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 180).print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
