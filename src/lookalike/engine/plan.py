"""Turns a prompt, or an embedding, into the tensors of one run."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from PIL.Image import Image
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError
from lookalike.core.plan import Conditioning, Plan
from lookalike.core.records import Part, Prompt, Settings
from lookalike.engine.avoid import left_out, pushed
from lookalike.engine.chaos import spread
from lookalike.engine.codes import code_parts
from lookalike.engine.taste import taste
from lookalike.models.backbone import Backbone
from lookalike.models.named import Names, embed_named

SEEDS = 2**32


def draw_seeds(seed: int | None, count: int) -> tuple[int, ...]:
    """One seed a picture: `seed` and those after it, or where it is None, drawn by the system."""
    first = secrets.randbelow(SEEDS) if seed is None else seed
    return tuple((first + i) % SEEDS for i in range(count))


def size_of(backbone: Backbone, settings: Settings) -> tuple[int, int]:
    """Width and height in pixels: the asked aspect on the area of a square of `pixels`.

    Both are multiples of what one cell of the U-Net's coarsest level covers.

    Raises:
        OptionError: a side would be shorter than one such cell.
    """
    side = settings.pixels or backbone.pixels
    grain = _grain(backbone)
    across, down = map(int, settings.aspect.split(":"))
    stretch = math.sqrt(across / down)
    width, height = (round(s / grain) * grain for s in (side * stretch, side / stretch))
    if min(width, height) < grain:
        raise OptionError(
            f"{settings.aspect} at {side} pixels is too narrow: each side needs {grain} pixels"
        )
    return width, height


def _grain(backbone: Backbone) -> int:
    levels = len(backbone.unet.config.block_out_channels) - 1
    return (backbone.pixels // backbone.latent[1]) * 2**levels


def noise(
    backbone: Backbone, seeds: Sequence[int], size: tuple[int, int]
) -> Float[Tensor, "batch channels height width"]:
    """Unit noise for each seed, drawn on the CPU in float32: the same on every device."""
    cell = backbone.pixels // backbone.latent[1]
    shape = (backbone.latent[0], size[1] // cell, size[0] // cell)
    drawn = [torch.randn(shape, generator=torch.Generator().manual_seed(s)) for s in seeds]
    return torch.stack(drawn).to(backbone.device)


@torch.no_grad()
def text_plan(
    backbone: Backbone, prompt: Prompt, seeds: Sequence[int], names: Names | None = None
) -> Plan:
    """A run that reads its prompt's parts, each with its weight, and what its version adds.

    `names` are read as vectors where they stand among the words, behind an @.
    """
    parts = told(backbone, prompt)
    read = tuple(
        Conditioning(embed_named(backbone, [p.text], names or {}), p.weight) for p in parts
    )
    plan = _plan(backbone, prompt, read, seeds)
    return pushed(backbone, plan, parts, names or {})


def told(backbone: Backbone, prompt: Prompt) -> list[Part]:
    """The parts that a model reads: the prompt's without what it avoids, and those of settings.

    What its version and its style codes add weighs against the words as a whole.
    """
    own = [p.model_copy(update={"text": left_out(p.text, prompt.avoid)}) for p in prompt.parts]
    whole = sum(p.weight for p in own if p.weight > 0)
    house = taste(prompt.settings)
    added = [*code_parts(backbone, prompt), *([house] if house else [])]
    return own + [p.model_copy(update={"weight": p.weight * whole}) for p in added if whole]


@torch.no_grad()
def embedding_plan(
    backbone: Backbone,
    prompt: Prompt,
    embedding: Embedding,
    seeds: Sequence[int],
    *,
    picture: Image | None = None,
    strength: float = 1.0,
) -> Plan:
    """A run that reads an embedding as its prompt.

    With a `picture` and a `strength` below 1 it starts from the picture's own latents, noised so
    far that the share `strength` of the steps is left to run.

    Raises:
        OptionError: the embedding is for another model, or the strength is not in (0, 1].
    """
    embedding.require(backbone.space)
    plan = pushed(backbone, _plan(backbone, prompt, (Conditioning(embedding),), seeds))
    return starting_from(backbone, plan, picture, strength)


@torch.no_grad()
def starting_from(backbone: Backbone, plan: Plan, picture: Image | None, strength: float) -> Plan:
    """`plan`, begun from a picture's latents, noised so far that a share of the steps is left.

    That share is `strength`; at 1, or without a picture, it begins from noise alone.

    Raises:
        OptionError: the strength is not in (0, 1].
    """
    if not 0 < strength <= 1:
        raise OptionError(f"a strength of {strength:g} is not above 0 and at most 1")
    if picture is None or strength == 1:
        return plan
    clean = backbone.encode([picture], size_of(backbone, plan.prompt.settings))
    first = _first_level(plan.prompt.settings.sampling_steps, strength)
    return replace(plan, first=first, clean=clean.expand_as(plan.start))


def _first_level(steps: int, strength: float) -> int:
    return min(steps - 1, round(steps * (1 - strength)))


def _plan(
    backbone: Backbone,
    prompt: Prompt,
    conditionings: tuple[Conditioning, ...],
    seeds: Sequence[int],
) -> Plan:
    own = noise(backbone, seeds, size_of(backbone, prompt.settings))
    settled = prompt.settings.settled(backbone.guidance)
    return Plan(
        prompt=prompt.model_copy(update={"settings": settled}),
        conditionings=conditionings,
        unconditional=backbone.unconditional(),
        start=spread(own, prompt.settings.chaos),
        seeds=tuple(seeds),
    )
