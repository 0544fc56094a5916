"""Times the first round trip on mini, on this machine: `python -m benchmarks [--json]`."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from itertools import islice

from lookalike.core.records import Settings
from lookalike.session import Session
from lookalike.world.look import looks
from lookalike.world.render import render

REPEATS = 3


def timed(work: Callable[[], object]) -> float:
    """Median seconds of a few runs, after one that warms caches."""
    work()
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def measure() -> dict[str, float]:
    """Seconds by what was done."""
    session = Session("mini")
    pictures = [render(one, 256) for one in islice(looks("test"), 10)]
    settings = Settings(count=4, steps=20, seed=1)
    words = "a person with brown skin, blue short hair, white background, micah style"
    return {
        "world: draw 100 pictures": timed(
            lambda: [render(one, 64) for one in islice(looks("train"), 100)]
        ),
        "describe 1 picture, 4 prompts": timed(lambda: session.describe(pictures[0])),
        "describe 10 pictures, 1 prompt": timed(lambda: session.describe(pictures, count=1)),
        "convert 10 pictures, closed form": timed(lambda: session.convert(pictures)),
        "imagine 4 pictures, 20 steps": timed(lambda: session.imagine(words, settings=settings)),
        "vary 4 pictures, subtle": timed(lambda: session.vary(pictures[0], settings=settings)),
    }


def main() -> None:
    """Print a line for each timing, or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    found = measure()
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name, seconds in found.items():
        print(f"{name:36s} {seconds:8.3f} s")


if __name__ == "__main__":
    main()
