"""Plans of several runs as one run: what is made at once costs less, and nobody sees the others.

A picture's last bits depend on how many are made at once and on its place among them, but not on
what the others show. So a picture is made again by a run of that size, filled with copies.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError
from lookalike.core.plan import Plan
from lookalike.core.records import Settings
from lookalike.engine.frames import side_by_side
from lookalike.engine.run import Progress
from lookalike.models.backbone import Backbone

CELLS = {"cpu": 4096}
"""Latent cells that keep a device busy: more at once cost as much each, and all wait for all.
Measured with mini on a CPU of two cores; for others it is what a large card bears."""
OTHERS = 65536


def room(backbone: Backbone, settings: Settings) -> int:
    """How many pictures are worth making at once, at least one."""
    side = (settings.pixels or backbone.pixels) * backbone.latent[1] // backbone.pixels
    return max(1, CELLS.get(backbone.device.type, OTHERS) // side**2)


def is_plain(plan: Plan) -> bool:
    """Whether a plan's pictures are made apart: nothing is put around or into the model for it."""
    learnt = [one.embedding.adjustment for one in plan.conditionings]
    return not (plan.wraps or plan.injections or any(one is not None for one in learnt))


def form(plan: Plan) -> Hashable:
    """What must be the same in plans that are run together."""
    chosen = plan.prompt.settings
    told = tuple(
        (one.weight, one.embedding.tokens.shape[1:], one.against is None)
        for one in plan.conditionings
    )
    how = (chosen.model, chosen.sampling_steps, chosen.stop, plan.guidance, chosen.tile)
    held = (plan.clean is None, plan.mask is None)
    return (how, held, told, plan.first, plan.start.shape[1:])


def together(plans: Sequence[Plan]) -> Plan:
    """Plain plans of one form as one run of all their pictures, in order."""
    every = [among(plan, len(plan.start), 0) for plan in plans]
    cleans = [plan.clean for plan in every if plan.clean is not None]
    masks = [plan.mask for plan in every if plan.mask is not None]
    bare = [replace(plan, clean=None, mask=None) for plan in every]
    return replace(
        side_by_side(bare),
        clean=torch.cat(cleans) if cleans else None,
        mask=torch.cat(masks) if masks else None,
    )


def among(plan: Plan, size: int, place: int) -> Plan:
    """A plan's pictures from a place on in a run of a size; in the other places are copies.

    Raises:
        OptionError: the plan's pictures are not made apart, or do not fit there.
    """
    count = len(plan.start)
    if not is_plain(plan):
        raise OptionError("pictures that lean on references are not made among others")
    if not 0 <= place <= size - count:
        raise OptionError(f"{count} pictures do not fit from {place} on among {size}")
    order = torch.tensor([(number - place) % count for number in range(size)])
    # Each once: what was one embedding is read once, also where it stands twice.
    every = [told for one in plan.conditionings for told in (one.embedding, one.against)]
    known = {id(told): _spread(told, count, order) for told in every if told is not None}
    told = [
        replace(
            one,
            embedding=known[id(one.embedding)],
            against=None if one.against is None else known[id(one.against)],
        )
        for one in plan.conditionings
    ]
    return replace(
        plan,
        conditionings=tuple(told),
        seeds=tuple(plan.seeds[number] for number in order.tolist()) if plan.seeds else (),
        start=_ordered(plan.start, count, order),
        clean=None if plan.clean is None else _ordered(plan.clean, count, order),
        mask=None if plan.mask is None else _ordered(plan.mask, count, order),
    )


def own(progress: Progress, place: int, count: int) -> Progress:
    """What a step of a run means for those of its pictures that are one plan's."""
    return replace(progress, preview=progress.preview[place : place + count])


def _spread(told: Embedding, count: int, order: Tensor) -> Embedding:
    pooled = None if told.pooled is None else _ordered(told.pooled, count, order)
    return replace(told, tokens=_ordered(told.tokens, count, order), pooled=pooled)


def _ordered(rows: Tensor, count: int, order: Tensor) -> Tensor:
    """Rows in an order; one row that serves all pictures is all of theirs."""
    return rows.expand(count, *rows.shape[1:])[order.to(rows.device)]
