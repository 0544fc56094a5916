"""diffusers' own pipelines, as a person who follows their documentation would run them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PIL.Image import Image

if TYPE_CHECKING:
    from torch import Tensor

    from lookalike.models.backbone import Backbone

SHAPES = Path(os.environ.get("LOOKALIKE_SHAPES", "lookalike-out/shapes"))
WORDS = "a person with brown skin, blue short hair, white background, micah style"


@dataclass(frozen=True)
class Piece:
    """One thing that both make: a model, and how many pictures, how large, in how many steps."""

    name: str
    model: str
    steps: int
    count: int
    repeats: int
    pixels: int
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    guidance: float = 5.0
    seed: int = 1
    words: str = WORDS

    @property
    def said(self) -> str:
        """The piece in words."""
        pictures = "1 picture" if self.count == 1 else f"{self.count} pictures"
        return f"{pictures} of {self.pixels} pixels, {self.steps} steps, {self.dtype}"


def pieces(*, quick: bool) -> Iterator[Piece]:
    """What there is to compare on this machine; a rehearsal is of the small ones."""
    yield Piece("mini", "mini", 4 if quick else 20, 4, 1 if quick else 9, 64)
    made = (
        Piece("sd15", str(SHAPES / "sd15"), 2, 1, 9, 256, "bfloat16"),
        Piece("sd15", str(SHAPES / "sd15"), 2, 1, 3, 256),
        Piece("sd21", str(SHAPES / "sd21"), 2, 1, 9, 256, "bfloat16"),
        Piece("sd21", str(SHAPES / "sd21"), 2, 1, 3, 256),
        Piece("sdxl", str(SHAPES / "sdxl"), 2, 1, 5, 256, "bfloat16"),
    )
    yield from (one for one in made if Path(one.model).is_dir() and not quick)


def pipeline(piece: Piece, backbone: Backbone | None = None) -> Any:
    """The pipeline, loaded as diffusers loads it, or put together of a backbone's own modules."""
    import torch
    from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler
    from diffusers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    if backbone is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        made = DiffusionPipeline.from_pretrained(
            folder(piece), torch_dtype=getattr(torch, piece.dtype), local_files_only=True
        ).to(device)
    else:
        made = _of(backbone)
    made.set_progress_bar_config(disable=True)
    made.scheduler = DPMSolverMultistepScheduler.from_config(
        noise_of(made.scheduler.config), algorithm_type="dpmsolver++"
    )
    return made


def folder(piece: Piece) -> Path:
    """Where a piece's checkpoint lies."""
    from lookalike.models.catalogue import resolve

    place = resolve(piece.model).path
    assert place is not None
    return place


def piped(made: Any, piece: Piece, noise: Tensor | None = None) -> list[Image]:
    """The pipeline's pictures of a piece; given our noise, they are ours but for rounding."""
    import torch

    seeds = range(piece.seed, piece.seed + piece.count)
    return made(
        piece.words,
        num_images_per_prompt=piece.count,
        num_inference_steps=piece.steps,
        guidance_scale=piece.guidance,
        height=piece.pixels,
        width=piece.pixels,
        generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        latents=None if noise is None else noise.to(made.unet.device, made.unet.dtype),
    ).images


def alone(piece: Piece) -> None:
    """What is measured of the pipeline's memory: it stands here, so that our session stays out."""
    piped(pipeline(piece), piece)


def _of(backbone: Backbone) -> Any:
    from diffusers import (
        DDIMScheduler,
        StableDiffusionPipeline,
        StableDiffusionXLPipeline,
    )

    shared = {
        "vae": backbone.vae,
        "unet": backbone.unet,
        "scheduler": DDIMScheduler.from_config(backbone.scheduler_config),
        "text_encoder": backbone.towers[0].model,
        "tokenizer": backbone.towers[0].tokenizer,
    }
    if backbone.family != "sdxl":
        return StableDiffusionPipeline(
            **shared, safety_checker=None, feature_extractor=None, requires_safety_checker=False
        )
    second = backbone.towers[1]
    return StableDiffusionXLPipeline(
        **shared, text_encoder_2=second.model, tokenizer_2=second.tokenizer
    )


def noise_of(config: Any) -> dict[str, Any]:
    """What a checkpoint says of the model's noise, and none of how its own sampler goes.

    What it leaves unsaid its own sampler's class fills in, and another class fills in otherwise.
    """
    from lookalike.models.latent import NOISE_KEYS

    unsaid = config.get("_use_default_values", ())
    told = (key for key in NOISE_KEYS if key not in unsaid)
    kept = {key: config[key] for key in told if config.get(key) is not None}
    return {**kept, "prediction_type": config.get("prediction_type", "epsilon")}
