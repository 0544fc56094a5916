"""What each way of running a model gains on mini: with it against without it, all else equal.

`theirs` is our own engine without the option. Pieces are the options' names; `compile`, which
takes minutes before the first picture, runs only where it is asked for by `--only compile`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.measuring import Asked, Row, alternate, peak
from benchmarks.speed._peer import WORDS, Piece, pieces
from benchmarks.speed.engine import apart
from lookalike.core.compute import Compute
from lookalike.core.plan import Result
from lookalike.core.records import Settings
from lookalike.models.quantising import weight_bytes
from lookalike.models.store import Models
from lookalike.session import Session

REPEATS = 7
FEW = 8
TIMED = {
    "bfloat16": (FEW, ""),
    "channels-last": (FEW, ""),
    "one-by-one": (FEW, ""),
    "unipc": (FEW, ""),
    "int8": (FEW, ""),
    "lcm": (4, "4 steps against 8; sharp only on models and LoRAs made for it"),
    "compile": (FEW, "after the first picture, which compiles"),
}
SPARING = {"tiles": 1024, "one-by-one": 512}
"""Options that save memory, with the side of the one picture that they are tried on."""


def rows(asked: Asked) -> Iterator[Row]:
    """Seconds of every option, then the memory of those that are about it."""
    repeats = 1 if asked.quick else REPEATS
    plain = Session("mini")
    for word, (steps, note) in TIMED.items():
        if asked.wants(word) and (word != "compile" or word in asked.only):
            yield _timed(word, plain, steps, note, repeats)
    if asked.wants("int8") and not asked.quick:
        usual = dict[str, Piece]()
        for one in pieces(quick=False):
            usual.setdefault(one.name, one)  # a model's first piece has its usual precision
        yield from map(_weights, usual.values())
    for word, side in SPARING.items():
        if asked.wants(word) and not asked.quick:
            yield _spared(word, side)


def _timed(word: str, plain: Session, steps: int, note: str, repeats: int) -> Row:
    session = Session("mini", compute=Compute.read(word))
    mine, usual = partial(_made, session, steps), partial(_made, plain, FEW)
    off = apart(mine().pictures, usual().pictures)
    turns = alternate(mine, usual, repeats)
    told = f"processor {turns.processor_ratio:.3f}, pictures differ by {off:.2f} of 255 in the mean"
    return Row(
        part="options",
        what=f"{word}: seconds",
        ours=turns.ours.seconds,
        theirs=turns.theirs.seconds,
        ratio=turns.ratio,
        note=f"{told}; {note}" if note else told,
    )


def _spared(word: str, side: int) -> Row:
    ours, theirs = peak(partial(_alone, word, side)), peak(partial(_alone, "", side))
    return Row(
        part="options",
        what=f"{word}: memory at {side} pixels",
        ours=ours.counted,
        theirs=theirs.counted,
        unit="MiB",
        ratio=ours.counted / theirs.counted,
        note="of the whole process, libraries included",
    )


def _weights(piece: Piece) -> Row:
    """What the weights of a U-Net take at int8, against the precision that it was loaded in."""
    found = []
    for word in (f"{piece.dtype},int8", piece.dtype):
        with Models("cpu", compute=Compute.read(word)).use(piece.model) as backbone:
            found.append(weight_bytes(backbone.unet) / 2**20)
    return Row(
        part="options",
        what=f"int8: the weights of the U-Net of {piece.name}",
        ours=found[0],
        theirs=found[1],
        unit="MiB",
        ratio=found[0] / found[1],
        note=f"against {piece.dtype}",
    )


def _made(session: Session, steps: int, count: int = 4, pixels: int | None = None) -> Result:
    settings = Settings(count=count, steps=steps, seed=1, pixels=pixels)
    return session.imagine(WORDS, settings=settings)


def _alone(word: str, side: int) -> None:
    _made(Session("mini", compute=Compute.read(word)), steps=1, count=1, pixels=side)
