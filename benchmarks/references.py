"""What a reference costs: seconds of four pictures that lean on one, against four that do not.

`python -m benchmarks.references [--json]`. The two take turns, so that what else the machine does
falls on both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from lookalike.core.records import Prompt, Reference, Settings
from lookalike.refer import ADAPTER, mechanisms
from lookalike.session import Session
from lookalike.world.look import looks
from lookalike.world.render import render

REPEATS = 3
WORDS = "a person with blue short hair, white background, micah style"


def seconds(session: Session, prompt: Prompt) -> float:
    """Seconds of one run."""
    began = time.perf_counter()
    session.imagine(prompt)
    return time.perf_counter() - began


def cost(session: Session, plain: Prompt, leaning: Prompt) -> float:
    """How many times as long the second takes: the median of a few turns, after one to warm up."""
    seconds(session, plain)
    seconds(session, leaning)
    turns = [seconds(session, leaning) / seconds(session, plain) for _ in range(REPEATS)]
    return statistics.median(turns)


def prompt(references: tuple[Reference, ...] = ()) -> Prompt:
    """The prompt of the benchmark, with references."""
    said = Prompt.of(WORDS, settings=Settings(count=4, steps=20, seed=1))
    return said.model_copy(update={"references": references})


def costs() -> dict[str, float]:
    """The cost of every mechanism that needs no weights of its own, by role and name."""
    session = Session("mini")
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        picture = str(Path(folder, "reference.png"))
        render(next(looks("test")), 256).save(picture)
        for name in (each for each in mechanisms.names() if each != ADAPTER):
            for role in mechanisms.get(name).roles:
                reference = Reference(source=picture, role=role, by=name)
                found[f"{role} by {name}"] = cost(session, prompt(), prompt((reference,)))
    return found


def main() -> None:
    """Print a line for each mechanism, or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.references", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    found = costs()
    if parser.parse_args().json:
        print(json.dumps(found, indent=2))
        return
    for name, times in found.items():
        print(f"{name:32s} {times:5.2f} times")


if __name__ == "__main__":
    main()
