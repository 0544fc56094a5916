"""Stories: a prompt for each picture, one character in all of them."""

from __future__ import annotations

from collections.abc import Sequence

from lookalike.core.language import read, write
from lookalike.core.plan import Plan
from lookalike.core.records import Prompt
from lookalike.engine.frames import side_by_side
from lookalike.engine.plan import text_plan
from lookalike.engine.references import leaning
from lookalike.models.backbone import Backbone
from lookalike.refer.story import consistent
from lookalike.session.job import Job

MOST_FRAMES = 12
"""All pictures of a story are made at once."""


def said(prompt: Prompt) -> str:
    """The words of one picture of a story, as a recipe keeps them."""
    return write(Prompt(parts=prompt.parts, avoid=prompt.avoid))


def story(backbone: Backbone, job: Job, seeds: Sequence[int]) -> Plan:
    """A plan whose pictures read a prompt each, share references, and see one another."""
    first = job.prompt
    others = [read(job.option(f"frame.{number + 2}")) for number in range(len(seeds) - 1)]
    prompts = [
        first,
        *(first.model_copy(update={"parts": o.parts, "avoid": o.avoid}) for o in others),
    ]
    names = job.names(backbone)
    plans = [
        text_plan(backbone, p, [s], names)
        for p, s in zip(map(job.told, prompts), seeds, strict=True)
    ]
    bent = leaning(backbone, side_by_side(plans), job.referred(), job.learnt(backbone))
    return consistent(backbone, bent, seed=seeds[0])
