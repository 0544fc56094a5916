"""How soon lookalike is there: its help, a first description, a first picture."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Asked, Row
from lookalike.session import Session
from lookalike.world.look import looks
from lookalike.world.render import render

REPEATS = 5
WORDS = "a person with brown skin, blue short hair, white background, micah style"


def rows(asked: Asked) -> Iterator[Row]:
    """Seconds of fresh processes, and of a description by models that are warm."""
    repeats = 1 if asked.quick else REPEATS
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "picture.png")
        render(next(looks("test")), 256).save(picture)
        lines = {
            "python alone": (),
            "--help": ("--help",),
            "describe, cold": ("describe", str(picture)),
            "first picture": ("imagine", WORDS, "--count", "1", "--seed", "1", "--out", folder),
        }
        for what, arguments in lines.items():
            yield Row(part="start", what=what, ours=_fresh(arguments, repeats))
        yield Row(part="start", what="describe, warm", ours=_warm(picture, repeats))


def _fresh(arguments: tuple[str, ...], repeats: int) -> float:
    own = ["-m", "lookalike.cli.main", *arguments] if arguments else ["-c", ""]
    return statistics.median(_seconds([sys.executable, *own]) for _ in range(repeats))


def _seconds(line: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(line, check=True, capture_output=True)
    return time.perf_counter() - began


def _warm(picture: Path, repeats: int) -> float:
    session = Session("mini")
    session.describe(picture)
    turns = []
    for _ in range(repeats):
        began = time.perf_counter()
        session.describe(picture)
        turns.append(time.perf_counter() - began)
    return statistics.median(turns)
