"""How soon lookalike is there: its help, a first description, a first picture.

Everything but the warm description is a fresh process. Beside the first picture stands that of a
script which loads mini with diffusers' own pipeline and makes the same, by turns.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Asked, Row
from benchmarks.speed._peer import Piece, piped, pipeline
from lookalike.world.look import looks
from lookalike.world.render import render

REPEATS = 3
STEPS = 8
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
        }
        for what, arguments in lines.items():
            yield Row(part="start", what=what, ours=_fresh(arguments, repeats))
        yield Row(part="start", what="describe, warm", ours=_warm(picture, repeats))
        yield _first(folder, repeats)


def _first(folder: str, repeats: int) -> Row:
    options = ("--count", "1", "--seed", "1", "--steps", str(STEPS), "--out", folder)
    ours = [sys.executable, "-m", "lookalike.cli.main", "imagine", WORDS, *options]
    peer = [sys.executable, "-c", f"from {__name__} import theirs; theirs()"]
    turns = [(_seconds(ours), _seconds(peer)) for _ in range(repeats)]
    return Row(
        part="start",
        what=f"first picture, {STEPS} steps",
        ours=statistics.median(mine for mine, _ in turns),
        theirs=statistics.median(their for _, their in turns),
        ratio=statistics.median(mine / their for mine, their in turns),
        goal=1.0,
    )


def theirs() -> None:
    """One picture by diffusers' pipeline, from nothing."""
    piece = Piece("mini", "mini", STEPS, 1, 1, 64)
    piped(pipeline(piece), piece)


def _fresh(arguments: tuple[str, ...], repeats: int) -> float:
    own = ["-m", "lookalike.cli.main", *arguments] if arguments else ["-c", ""]
    return statistics.median(_seconds([sys.executable, *own]) for _ in range(repeats))


def _seconds(line: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(line, check=True, capture_output=True)
    return time.perf_counter() - began


def _warm(picture: Path, repeats: int) -> float:
    from lookalike.session import Session

    session = Session("mini")
    session.describe(picture)
    turns = []
    for _ in range(repeats):
        began = time.perf_counter()
        session.describe(picture)
        turns.append(time.perf_counter() - began)
    return statistics.median(turns)
