"""Many prompts in one batch: a picture for each row of an embedding, each from its own seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PIL.Image import Image

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Conditioning, Plan
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import noise
from lookalike.engine.run import run
from lookalike.models.backbone import Backbone


def sampled(
    backbone: Backbone, embedding: Embedding, settings: Settings, seeds: Sequence[int]
) -> list[Image]:
    """One batch: a picture for each row of an embedding, each from its own seed."""
    return run(backbone, rows_plan(backbone, embedding, settings, seeds))


def rows_plan(
    backbone: Backbone, embedding: Embedding, settings: Settings, seeds: Sequence[int]
) -> Plan:
    """The plan of such a batch."""
    return Plan(
        prompt=Prompt(parts=(), settings=settings),
        conditionings=(Conditioning(embedding),),
        unconditional=backbone.unconditional(),
        start=noise(backbone, seeds, (backbone.pixels, backbone.pixels)),
        seeds=tuple(seeds),
    )


def rows(embedding: Embedding, start: int, stop: int) -> Embedding:
    """The rows of an embedding from `start` to before `stop`."""
    pooled = None if embedding.pooled is None else embedding.pooled[start:stop]
    return replace(embedding, tokens=embedding.tokens[start:stop], pooled=pooled)
