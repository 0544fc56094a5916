"""Jobs made at once: one run of all their pictures, each with its own progress and result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from lookalike.engine.run import Progress, steps
from lookalike.engine.together import form, is_plain, together
from lookalike.models.backbone import Backbone
from lookalike.session.work import Prepared


def alike(every: Sequence[Prepared]) -> list[Prepared]:
    """Those that can be made at once with the first, which is one of them, in their places."""
    first = every[0].plan
    same = [one for one in every if is_plain(one.plan) and form(one.plan) == form(first)]
    counts = [len(one.seeds) for one in same]
    places = accumulate(counts, initial=0)
    return [
        replace(one, among=(sum(counts), place)) for one, place in zip(same, places, strict=False)
    ]


def steps_of(backbone: Backbone, every: Sequence[Prepared]) -> Iterator[list[Progress]]:
    """The steps of one run of all: what each means for each of the jobs."""
    for progress in steps(backbone, together([one.plan for one in every])):
        yield [one.own(progress) for one in every]
