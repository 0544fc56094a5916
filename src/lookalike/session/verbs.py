"""How each verb that works on pictures turns its job into a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from PIL.Image import Image

from lookalike.core.embedding import mix
from lookalike.core.framing import Direction, panned, zoomed_out
from lookalike.core.plan import Plan
from lookalike.core.regions import Canvas, feathered, mask_of, rectangle
from lookalike.engine.plan import embedding_plan, starting_from, text_plan
from lookalike.engine.region import filling
from lookalike.models.backbone import Backbone
from lookalike.session.job import Job, converted

Verb = Callable[[Backbone, Job, Sequence[int]], Plan]
Framed = tuple[Image, Image]
"""A picture, and a mask that is white where it is to be filled in."""


def canvas_of(job: Job) -> Canvas:
    """The picture that a job fills in, and where; what cannot be is told before a model loads."""
    picture, mask = _FRAMES.get(job.verb, _masked)(job)
    return Canvas(picture, feathered(mask, round(job.number("feather"))))


def has_region(job: Job) -> bool:
    """Whether a variation is about a part of its picture alone."""
    return bool(job.options.get("region") or job.of_role("region"))


def _masked(job: Job) -> Framed:
    picture = job.picture().picture
    masks = job.of_role("region")
    if not masks:
        return picture, rectangle(job.option("region"), picture.size)
    [(drawn, _)] = masks
    return picture, mask_of(drawn.picture, picture.size, drawn.name)


def _zoomed(job: Job) -> Framed:
    return zoomed_out(job.picture().picture, job.number("factor"))


def _panned(job: Job) -> Framed:
    direction = cast(Direction, job.option("direction"))  # anything else is refused there
    return panned(job.picture().picture, direction, job.number("share"))


_FRAMES: Mapping[str, Callable[[Job], Framed]] = {"zoom": _zoomed, "pan": _panned}


def _told(backbone: Backbone, job: Job, seeds: Sequence[int]) -> Plan:
    """A plan that reads the job's words, or where there are none, its picture."""
    if job.prompt.parts:
        return text_plan(backbone, job.prompt, seeds)
    return embedding_plan(backbone, job.prompt, converted(backbone, job), seeds)


def _vary(backbone: Backbone, job: Job, seeds: Sequence[int]) -> Plan:
    if has_region(job):
        return _fill(backbone, job, seeds)
    picture, strength = job.picture().picture, job.number("strength")
    plan = embedding_plan(backbone, job.prompt, converted(backbone, job), seeds)
    return starting_from(backbone, plan, picture, strength)


def _fill(backbone: Backbone, job: Job, seeds: Sequence[int]) -> Plan:
    canvas, plan = canvas_of(job), _told(backbone, job, seeds)
    return filling(backbone, plan, canvas, job.number("strength"))


def _blend(backbone: Backbone, job: Job, seeds: Sequence[int]) -> Plan:
    each, weights = converted(backbone, job), [weight for _, weight in job.of_role("image")]
    blended = mix([each.take(row) for row in range(len(each))], weights)
    return embedding_plan(backbone, job.prompt, blended, seeds)


def _remix(backbone: Backbone, job: Job, seeds: Sequence[int]) -> Plan:
    plan = text_plan(backbone, job.prompt, seeds)
    return starting_from(backbone, plan, job.picture().picture, job.number("strength"))


PICTURE_VERBS: Mapping[str, Verb] = {
    "vary": _vary,
    "zoom": _fill,
    "pan": _fill,
    "blend": _blend,
    "remix": _remix,
}
