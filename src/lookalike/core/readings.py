"""Several readings of the same latents in one call, and what can bend such a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch

from lookalike.core.embedding import Embedding

Bend = TypeVar("Bend")
_MARK = "bends_readings"


@dataclass(frozen=True, eq=False)
class Readings(Embedding):
    """Embeddings one under another, each with a row for each picture.

    Latents that are read so hold all pictures once for each of the embeddings `each` was made of.
    """

    each: tuple[Embedding, ...] = ()


def stacked(embeddings: Sequence[Embedding], pictures: int) -> Readings:
    """Embeddings of one shape, space and adjustment as readings of so many pictures."""
    pooled = [one.pooled.expand(pictures, -1) for one in embeddings if one.pooled is not None]
    return Readings(
        tokens=torch.cat([one.tokens.expand(pictures, -1, -1) for one in embeddings]),
        pooled=torch.cat(pooled) if pooled else None,
        space=embeddings[0].space,
        adjustment=embeddings[0].adjustment,
        each=tuple(embeddings),
    )


def readings(told: Embedding) -> tuple[Embedding, ...]:
    """What a call reads: the embeddings that were stacked, or the one that there is."""
    return told.each if isinstance(told, Readings) else (told,)


def bends_readings(bend: Bend) -> Bend:
    """Mark a wrap or an injection that knows `Readings`; others are asked once for each."""
    setattr(bend, _MARK, True)
    return bend


def can_be_read_at_once(bends: Sequence[object]) -> bool:
    """Whether all these wraps and injections know `Readings`."""
    return all(getattr(one, _MARK, False) for one in bends)
