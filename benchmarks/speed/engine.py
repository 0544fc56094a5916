"""Our engine against diffusers' own pipelines: the same checkpoint, words, noise and steps.

Pieces: `mini`, `sd15`, `sd21` and `sdxl`; the last three are random checkpoints of the real shapes
(`python -m benchmarks.shapes make NAME`), which are left out where they were not made. A shape is
loaded once, and the pipeline is put together of the very modules that our backbone holds; memory
is measured in processes of their own, each of which loads for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from PIL.Image import Image

from benchmarks.measuring import Asked, Row, alternate, peak
from benchmarks.speed._peer import Piece, alone, pieces, piped, pipeline
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import draw_seeds, text_plan
from lookalike.session import Session

NEAR = 2
"""Levels of 255 that pictures of the same work may differ by in the mean: they round apart."""


def rows(asked: Asked) -> Iterator[Row]:
    """Seconds and memory of every piece that is there."""
    for piece in pieces(quick=asked.quick):
        if asked.wants(piece.name):
            yield measured(piece)


def measured(piece: Piece) -> Row:
    """One piece: time by turns in this process, then the memory of either way in its own."""
    session = Session(piece.model, dtype=piece.dtype)
    mine, peer = partial(imagine, session, piece), _peer(session, piece)
    off = apart(mine(), peer())
    turns = alternate(mine, peer, piece.repeats)
    session.models.free()
    del mine, peer
    ours, theirs = peak(partial(ours_alone, piece)), peak(partial(alone, piece))
    return Row(
        part="engine",
        what=f"{piece.name}: {piece.said}",
        ours=turns.ours.seconds,
        theirs=turns.theirs.seconds,
        ratio=turns.ratio,
        goal=1.0,
        ours_mb=ours.counted,
        theirs_mb=theirs.counted,
        note=f"processor {turns.processor_ratio:.3f}, memory {ours.counted / theirs.counted:.3f}, "
        f"pictures differ by {off:.2f} of 255 in the mean",
    )


def imagine(session: Session, piece: Piece) -> list[Image]:
    """Our pictures of a piece."""
    return session.imagine(piece.words, settings=settings(piece)).pictures


def settings(piece: Piece) -> Settings:
    """What our engine is told of a piece."""
    return Settings(
        count=piece.count,
        steps=piece.steps,
        guidance=piece.guidance,
        pixels=piece.pixels,
        seed=piece.seed,
    )


def ours_alone(piece: Piece) -> None:
    """What is measured of our memory."""
    imagine(Session(piece.model, dtype=piece.dtype), piece)


def apart(ours: list[Image], theirs: list[Image]) -> float:
    """By how much pictures differ, in the mean over their pixels' 256 levels."""
    mine, peers = (
        np.stack([np.asarray(one, dtype=float) for one in each]) for each in (ours, theirs)
    )
    return float(np.abs(mine - peers).mean())


def _peer(session: Session, piece: Piece) -> Callable[[], Any]:
    prompt = Prompt.of(piece.words, settings=settings(piece))
    with session.models.use(piece.model) as backbone:
        noise = text_plan(backbone, prompt, draw_seeds(piece.seed, piece.count)).start
        return partial(piped, pipeline(piece, backbone), piece, noise)
