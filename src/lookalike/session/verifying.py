"""Descriptions put to the test: pictures are made of them, and the most like the given one win."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

import torch
from PIL.Image import Image

from lookalike.core.errors import OptionError
from lookalike.core.records import Description, Settings
from lookalike.describe.nearness import looked
from lookalike.engine.rows import rows_plan
from lookalike.engine.run import Progress, decode, steps
from lookalike.models.backbone import Backbone
from lookalike.models.towers import batches

SEEDS = 2
"""Pictures of each prompt, where nothing else is said."""

MOST_SEEDS = 16
SPARE = 2
"""So many times the prompts that are asked for are tried."""

BATCH = 16


def check_verify(seeds: int) -> None:
    """Raise `OptionError` for a number of pictures that cannot be made of each prompt."""
    if not 0 <= seeds <= MOST_SEEDS:
        raise OptionError(f"verifying makes 0 to {MOST_SEEDS} pictures of a prompt, not {seeds}")


def verified(
    backbone: Backbone,
    pictures: Sequence[Image],
    found: Sequence[Sequence[Description]],
    seeds: int,
    settings: Settings | None = None,
) -> Generator[Progress, None, list[list[Description]]]:
    """The descriptions of each picture with their likeness, the best first.

    Likeness is the cosine, for CLIP, of the picture and those that are made of the text, their
    mean over `seeds` pictures: from the same seeds, 0 and those that follow, for every text.
    """
    jobs = [
        (number, one.text, seed)
        for number, each in enumerate(found)
        for one in each
        for seed in range(seeds)
    ]
    wanted, likeness = looked(backbone.clip, pictures), torch.zeros(len(jobs))
    for batch in batches(range(len(jobs)), BATCH):
        made = yield from _made(backbone, [jobs[i] for i in batch], len(jobs), batch[0], settings)
        given = wanted[[jobs[i][0] for i in batch]]
        likeness[list(batch)] = (looked(backbone.clip, made) * given).sum(1)
    means: list[float] = likeness.view(-1, seeds).mean(1).tolist()
    return _ranked(found, means)


Job = tuple[int, str, int]
"""A picture's number, a text, and a seed."""


def _made(
    backbone: Backbone, jobs: Sequence[Job], of: int, done: int, settings: Settings | None
) -> Generator[Progress, None, list[Image]]:
    """The pictures of a batch; progress is told in steps of single pictures."""
    with torch.no_grad():
        embedding = backbone.embed([text for _, text, _ in jobs])
    chosen = settings or Settings()
    plan = rows_plan(backbone, embedding, chosen, [seed for *_, seed in jobs])
    running = steps(backbone, plan)
    last = next(running)
    yield _counted(last, len(jobs), of, done)
    for last in running:
        yield _counted(last, len(jobs), of, done)
    return decode(backbone, plan, last)


def _counted(progress: Progress, jobs: int, of: int, done: int) -> Progress:
    step = done * progress.of + progress.step * jobs
    return replace(progress, step=step, of=of * progress.of)


def _ranked(
    found: Sequence[Sequence[Description]], likeness: Sequence[float]
) -> list[list[Description]]:
    told = iter(likeness)
    every = [
        [one.model_copy(update={"likeness": round(next(told), 6)}) for one in each]
        for each in found
    ]
    return [sorted(each, key=_place) for each in every]


def _place(one: Description) -> tuple[float, float, str]:
    return -(one.likeness or 0.0), -one.score, one.text
