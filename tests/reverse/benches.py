"""A bench of random tensors on a small random backbone, and short recipes to train on it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from lookalike.describe.reversing.readers import Inputs
from lookalike.models.latent import LatentDiffusion
from lookalike.reverse.features import Features
from lookalike.reverse.members import Bench
from lookalike.reverse.recipe import ReaderRecipe, ReverseRecipe
from lookalike.reverse.training import Lesson

WIDTH, WORDS = 12, 5


def random_features(backbone: LatentDiffusion, count: int, seed: int, each: int = 2) -> Features:
    """Noise that a reader of `backbone` can read; every prompt has `each` pictures."""
    drawn = torch.Generator().manual_seed(seed)
    shared = int(backbone.clip.visual_projection.shape[0])
    prompts = [f"prompt {seed} {row // each}" for row in range(count)]
    targets = torch.randn(-(-count // each), WIDTH, generator=drawn).repeat_interleave(each, 0)
    inputs = Inputs(
        unit(torch.randn(count, shared, generator=drawn)),
        torch.randint(0, 256, (count, 3, 32, 32), generator=drawn).to(torch.uint8),
        torch.randn(count, 4, 16, 16, generator=drawn).half(),
        [f"caption {row % 3}" for row in range(count)],
    )
    captioned = unit(torch.randn(count, WIDTH, generator=drawn))
    return Features(inputs, prompts, unit(targets[:count]), captioned)


def unit(rows: Tensor) -> Tensor:
    """Rows at length 1."""
    return normalize(rows, dim=-1)


def random_lesson(backbone: LatentDiffusion, count: int, seed: int) -> Lesson:
    """Random features with random words."""
    marks = torch.rand(count, WORDS, generator=torch.Generator().manual_seed(seed)) < 0.4
    return Lesson(random_features(backbone, count, seed), marks.float())


def bench(backbone: LatentDiffusion) -> Bench:
    """Twelve rows to learn from, eight to tune on, six to be asked about."""
    asked = {"test": random_features(backbone, 6, 3)}
    return Bench(backbone, random_lesson(backbone, 12, 1), random_lesson(backbone, 8, 2), asked)


def reader_recipe(kind: str = "clip", steps: int = 6, **more: Any) -> ReaderRecipe:
    """A reader that learns a few steps of four pictures, with all that can go wrong in them."""
    of = {"steps": steps, "batch": 4, "rate": 1e-2, "warmup": 2, "bf16": False}
    schedule = {**of, **more.pop("schedule", {})}
    told = {"kind": kind, "hidden": 8, "snapshots": 3, "probing": 0.5, **more}
    return ReaderRecipe.model_validate({"schedule": schedule, **told})


def whole_recipe(**readers: ReaderRecipe) -> ReverseRecipe:
    """These readers, or one of CLIP's features, with a kernel and neighbours to match."""
    return ReverseRecipe.model_validate(
        {
            "readers": readers or {"clip": reader_recipe()},
            "neighbours": {"count": 3},
            "kernel": {"centroids": 4, "gammas": [1, 8], "alphas": [0.1, 1]},
        }
    )
