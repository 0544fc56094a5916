"""What a reference costs: four pictures of mini that lean on one, against four that do not.

Each time the reference is another picture, as when somebody tries many; one row shows what the
usual style costs where it is the same picture again, whose inversion is kept. Pieces are the
mechanisms' names.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import repeat
from pathlib import Path

from benchmarks.measuring import Asked, Row, alternate
from benchmarks.measuring.turns import Turns
from lookalike.core.plan import Result
from lookalike.core.records import Prompt, Reference, Role, Settings
from lookalike.refer import ADAPTER, USUAL, mechanisms
from lookalike.session import Session
from lookalike.world.look import looks
from lookalike.world.render import render

REPEATS = 5
WORDS = "a person with blue short hair, white background, micah style"
GOALS = {"style-aligned": 2.2, "reference-only": 2.2, "subject": 2.2, "image-prompt": 1.05}
"""What shared attention may cost, and an image prompt."""


def rows(asked: Asked) -> Iterator[Row]:
    """Every mechanism that needs no weights of its own, in each of its roles."""
    repeats, steps = (1, 2) if asked.quick else (REPEATS, 20)
    session = Session("mini")
    plain = partial(session.imagine, _prompt(steps))
    with tempfile.TemporaryDirectory() as folder:
        ways = list(_ways(asked))
        pictures = iter(_pictures(Path(folder), (repeats + 1) * len(ways) + 1))
        for role, name in ways:
            given = {"": pictures}
            if name == USUAL["style"]:
                given[", the same again"] = repeat(next(pictures))
            for said, each in given.items():
                leaning = partial(_leaning, session, steps, role, name, each)
                yield _row(f"{role} by {name}{said}", name, alternate(leaning, plain, repeats))


def _ways(asked: Asked) -> Iterator[tuple[Role, str]]:
    for name in mechanisms.names():
        if name != ADAPTER and asked.wants(name):
            for role in mechanisms.get(name).roles:
                yield role, name


def _row(what: str, name: str, turns: Turns) -> Row:
    return Row(
        part="references",
        what=what,
        ours=turns.ours.seconds,
        theirs=turns.theirs.seconds,
        ratio=turns.ratio,
        goal=GOALS.get(name),
        note=f"against no reference; processor {turns.processor_ratio:.3f}",
    )


def _pictures(folder: Path, count: int) -> list[str]:
    """So many pictures, each in a file of its own."""
    paths = [str(folder / f"{number}.png") for number in range(count)]
    for path, look in zip(paths, looks("test"), strict=False):
        render(look, 256).save(path)
    return paths


def _leaning(
    session: Session, steps: int, role: Role, name: str, pictures: Iterator[str]
) -> Result:
    reference = Reference(source=next(pictures), role=role, by=name)
    return session.imagine(_prompt(steps, (reference,)))


def _prompt(steps: int, references: tuple[Reference, ...] = ()) -> Prompt:
    said = Prompt.of(WORDS, settings=Settings(count=4, steps=steps, seed=1))
    return said.model_copy(update={"references": references})
