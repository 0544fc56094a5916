"""The sampling loop: one generator of steps behind every way of making a picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from PIL.Image import Image
from torch import Tensor

from lookalike.core.plan import Denoise, Plan
from lookalike.engine.guidance import guided
from lookalike.engine.plan import SEEDS
from lookalike.engine.seamless import seamless
from lookalike.models.backbone import Backbone


@dataclass(frozen=True, eq=False)
class Progress:
    """One finished step, counted from 1, and the clean latents that the model sees by then."""

    step: int
    of: int
    preview: Float[Tensor, "batch channels height width"]


def steps(backbone: Backbone, plan: Plan) -> Iterator[Progress]:
    """Run a plan step by step; the last step's `preview` is the result.

    Stop whenever you like: closing the generator takes every injection back. Where the settings
    stop early, what the model makes out by then is the result.
    """
    chosen = plan.prompt.settings
    scheduler = backbone.scheduler(chosen.sampling_steps)
    every = scheduler.timesteps[plan.first :]
    levels = every[: max(1, round(len(every) * chosen.stop / 100))]
    denoise = _wrapped(backbone, plan)
    chance = _chance(backbone, plan)
    with ExitStack() as stack:
        stack.enter_context(seamless(backbone, chosen.tile))
        for injection in plan.injections:
            stack.enter_context(injection(backbone))
        x = _start(scheduler, plan)
        for number, level in enumerate(levels):
            with torch.no_grad():
                x = _held(plan, x, scheduler, level)
                clean = guided(denoise, plan, x, level, together=not backbone.compute.one_by_one)
                x = scheduler.step(clean, level, x, return_dict=False, **chance)[0]
            last = number + 1 == len(every)
            yield Progress(number + 1, len(levels), _held(plan, x) if last else clean)


def run(backbone: Backbone, plan: Plan) -> list[Image]:
    """Run a whole plan, decode its pictures and finish them."""
    *_, last = steps(backbone, plan)
    return finished(plan, decode(backbone, plan, last))


@torch.no_grad()
def decode(backbone: Backbone, plan: Plan, progress: Progress) -> list[Image]:
    """The pictures of a step's preview."""
    with seamless(backbone, plan.prompt.settings.tile):
        return backbone.decode(progress.preview)


def finished(plan: Plan, pictures: list[Image]) -> list[Image]:
    """The decoded pictures of a run, with all that their plan wants done to them."""
    return pictures if plan.finish is None else [plan.finish(picture) for picture in pictures]


def _wrapped(backbone: Backbone, plan: Plan) -> Denoise:
    denoise: Denoise = backbone.denoise
    for wrap in plan.wraps:
        denoise = wrap(denoise)
    return denoise


def _chance(backbone: Backbone, plan: Plan) -> dict[str, list[torch.Generator]]:
    """A source of noise for each picture, where the sampler adds some: not that of its start."""
    if backbone.compute.sampler != "lcm":
        return {}
    seeds = plan.seeds or range(len(plan.start))
    return {"generator": [torch.Generator().manual_seed(SEEDS + seed) for seed in seeds]}


def _start(scheduler: Any, plan: Plan) -> Float[Tensor, "batch channels height width"]:
    if plan.first == 0 or plan.clean is None:
        return plan.start * scheduler.init_noise_sigma
    # The scheduler counts its steps from where it is told it begins.
    scheduler.set_begin_index(plan.first)
    level = scheduler.timesteps[plan.first].expand(len(plan.start))
    return scheduler.add_noise(plan.clean.expand_as(plan.start), plan.start, level)


def _held(
    plan: Plan,
    x: Float[Tensor, "batch channels height width"],
    scheduler: Any = None,
    level: Tensor | None = None,
) -> Float[Tensor, "batch channels height width"]:
    """`x` with what may not change put back: noised to a level, or clean where none is given.

    The noise is that of the start at every level, so that what is put back follows one path.
    """
    if plan.mask is None or plan.clean is None:
        return x
    kept = plan.clean.expand_as(x)
    if level is not None:
        kept = scheduler.add_noise(kept, plan.start, level.expand(len(x)))
    return plan.mask * x + (1 - plan.mask) * kept
