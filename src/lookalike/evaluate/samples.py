"""Held-out pictures of the world, and pictures made in batches to be judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from PIL.Image import Image

from lookalike.core.embedding import Embedding
from lookalike.core.records import Settings
from lookalike.engine.rows import rows, sampled
from lookalike.models.backbone import Backbone
from lookalike.world.look import Look, Split, looks
from lookalike.world.render import render

BATCH = 20


@dataclass(frozen=True)
class HeldOut:
    """Looks of a split that training never saw, and their pictures."""

    looks: list[Look]
    pictures: list[Image]


def held_out(which: Split, count: int, pixels: int) -> HeldOut:
    """The first `count` pictures of a split."""
    chosen = list(islice(looks(which), count))
    return HeldOut(chosen, [render(one, pixels) for one in chosen])


def made(
    backbone: Backbone, embedding: Embedding, settings: Settings, seed: int = 0
) -> Iterator[Image]:
    """One picture for each row of an embedding; row i is made from seed `seed` + i."""
    for start in range(0, len(embedding), BATCH):
        chosen = rows(embedding, start, start + BATCH)
        seeds = range(seed + start, seed + start + len(chosen))
        yield from sampled(backbone, chosen, settings, seeds)


def plain(backbone: Backbone, count: int) -> Embedding:
    """The empty prompt, `count` times."""
    return backbone.unconditional().repeat(count)


def in_batches(items: Sequence[Image], size: int = BATCH) -> Iterator[Sequence[Image]]:
    """Pieces of a sequence, so that progress can be shown."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
