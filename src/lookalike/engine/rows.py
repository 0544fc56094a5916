"""Many prompts in one batch: a picture for each row of an embedding, each from its own seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PIL.Image import Image

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Conditioning, Plan
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import noise, size_of
from lookalike.engine.run import run
from lookalike.models.backbone import Backbone
from lookalike.models.portions import at_once

MOST = 64
"""Pictures of mini's size that are made at once at most."""


def sampled(
    backbone: Backbone, embedding: Embedding, settings: Settings, seeds: Sequence[int]
) -> list[Image]:
    """A picture for each row of an embedding, each from its own seed.

    They are one batch where they are as small as mini's, and else as many as take no more memory.
    """
    size = at_once(backbone, MOST)
    pieces = [slice(start, start + size) for start in range(0, len(seeds), size)]
    plans = (
        rows_plan(backbone, rows(embedding, p.start, p.stop), settings, seeds[p]) for p in pieces
    )
    return [picture for plan in plans for picture in run(backbone, plan)]


def rows_plan(
    backbone: Backbone, embedding: Embedding, settings: Settings, seeds: Sequence[int]
) -> Plan:
    """The plan of such a batch."""
    return Plan(
        prompt=Prompt(parts=(), settings=settings.settled(backbone.guidance)),
        conditionings=(Conditioning(embedding),),
        unconditional=backbone.unconditional(),
        start=noise(backbone, seeds, size_of(backbone, settings)),
        seeds=tuple(seeds),
    )


def rows(embedding: Embedding, start: int, stop: int) -> Embedding:
    """The rows of an embedding from `start` to before `stop`."""
    pooled = None if embedding.pooled is None else embedding.pooled[start:stop]
    return replace(embedding, tokens=embedding.tokens[start:stop], pooled=pooled)
