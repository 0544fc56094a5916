"""Describing from a hundred thousand phrases, against clip-interrogator's own algorithms.

Both use the same CLIP, the same lists and the same stored places of their phrases. Theirs is its
algorithm in our words (`--by interrogator`), whose texts are read no further than the longest of a
batch: kinder to it than its own code, which reads every text to its full 77 tokens.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import islice, product
from pathlib import Path

from PIL import Image

from benchmarks.measuring import Asked, Row
from benchmarks.measuring.turns import Spent, spend
from lookalike.describe import Describer, describers
from lookalike.describe.bank import bank_of, embedded
from lookalike.describe.flavours import NAME
from lookalike.models.backbone import Backbone
from lookalike.models.store import Models
from lookalike.models.texts import words
from lookalike.world.look import looks
from lookalike.world.render import render

STYLES = Path(__file__).parent.parent.parent / "examples" / "styles"
PHRASES = 100_000
GOALS = {"best": 1 / 20, "fast": None}
KINDS = ("subject", "detail", "medium", "manner", "colour")
"""What phrases are made of where the lists are not installed."""

STRIDE = 149
"""Of all their combinations, every so many are taken."""


@dataclass(frozen=True)
class Turn:
    """One picture described: what it took, and how near the text is."""

    spent: Spent
    score: float


def rows(asked: Asked) -> Iterator[Row]:
    """Seconds and CLIP scores against `best` and `fast`, and what reading the lists once takes."""
    with tempfile.TemporaryDirectory() as folder, _cache(folder), Models().use("mini") as backbone:
        bank = _bank(Path(folder), 2_000 if asked.quick else PHRASES)
        few = {"tried": 128, "kept": 64} if asked.quick else {}
        many = {"intermediate": 64, "most": 8} if asked.quick else {}
        phrases = bank_of(backbone, bank).phrases
        cold = spend(lambda: embedded(backbone.clip, phrases))
        note = f"{_source(bank)}; once, for either of the two"
        what = f"read {len(phrases)} phrases, cold"
        yield Row(part="describe", what=what, ours=cold.seconds, note=note)
        named = {"chain": describers.make("chain", {"bank": bank, **few})}
        for mode in GOALS:
            options = {"bank": bank, "mode": mode, **many}
            named[mode] = describers.make("interrogator", options)
        turns = {name: list[Turn]() for name in named}
        for picture in _pictures(asked.quick):
            for name, one in named.items():
                turns[name].append(_turn(partial(_score, backbone, one, picture)))
    for mode in GOALS:
        yield from _rows(mode, list(zip(turns["chain"], turns[mode], strict=True)))


def _rows(mode: str, turns: Sequence[tuple[Turn, Turn]]) -> Iterator[Row]:
    mine, peer = zip(*turns, strict=True)
    times = statistics.median(a.spent.seconds / b.spent.seconds for a, b in turns)
    worked = statistics.median(a.spent.processor / b.spent.processor for a, b in turns)
    yield Row(
        part="describe",
        what=f"a picture, warm, against {mode}",
        ours=statistics.median(one.spent.seconds for one in mine),
        theirs=statistics.median(one.spent.seconds for one in peer),
        ratio=times,
        goal=GOALS[mode],
        note=f"{1 / times:.1f} times as fast; processor {worked:.3f}",
    )
    scores = [statistics.mean(one.score for one in side) for side in (mine, peer)]
    lower = sum(a.score < b.score for a, b in turns)
    yield Row(
        part="describe",
        what=f"CLIP score, against {mode}",
        ours=scores[0],
        theirs=scores[1],
        unit="",
        ratio=scores[0] / scores[1],
        goal=1.0,
        better="more",
        note=f"means of {len(turns)} pictures; ours is lower for {lower}",
    )


def _turn(work: Callable[[], float]) -> Turn:
    found: list[float] = []
    spent = spend(lambda: found.append(work()))
    return Turn(spent, found[0])


def _score(backbone: Backbone, describer: Describer, picture: Image.Image) -> float:
    return describer.describe(backbone, [picture], 1)[0][0].score


def _pictures(quick: bool) -> Iterator[Image.Image]:
    """Drawings that mini knows, and paintings that it does not."""
    yield from (render(one, 256) for one in islice(looks("test"), 1 if quick else 2))
    for place in sorted(STYLES.glob("*.jpg"))[: 0 if quick else 1]:
        with Image.open(place) as painting:
            yield painting.convert("RGB")


def _bank(folder: Path, count: int) -> str:
    """The lists of clip-interrogator where they are installed, else as many made phrases."""
    if find_spec("clip_interrogator") is not None and count >= PHRASES:
        return NAME
    every = product(*(words()[kind] for kind in KINDS))
    made = [" ".join(one) for one in islice(every, 0, None, STRIDE)][:count]
    place = folder / "bank.txt"
    place.write_text("\n".join(["# frame", *words()["frame"], "# flavours", *made]), "utf-8")
    return str(place)


def _source(bank: str) -> str:
    return f"{NAME}'s lists" if bank == NAME else "made phrases"


@contextmanager
def _cache(folder: str) -> Iterator[None]:
    """A cache of this run's own, so that cold is cold."""
    before = os.environ.get("LOOKALIKE_CACHE")
    os.environ["LOOKALIKE_CACHE"] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["LOOKALIKE_CACHE"]
        else:
            os.environ["LOOKALIKE_CACHE"] = before
