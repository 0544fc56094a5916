"""Sample sheets on the way: what a half-trained autoencoder or U-Net makes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from lookalike.core.files import write_bytes
from lookalike.core.pictures import png_bytes, sheet
from lookalike.core.plan import Conditioning, Plan
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import noise
from lookalike.engine.run import run as run_plan
from lookalike.mini.data import CPU, as_tensor, scaled
from lookalike.mini.recipe import MiniRecipe
from lookalike.mini.training import (
    pictures_of,
    text_tower,
    train_part,
    trained_clip,
    trained_unet,
    trained_vae,
)
from lookalike.mini.unet import noise_schedule
from lookalike.models.backbone import Backbone
from lookalike.models.parts import Parts
from lookalike.models.sd import StableDiffusion
from lookalike.models.towers import TextTower
from lookalike.train.checkpoint import NAME
from lookalike.train.loop import Step
from lookalike.train.together import place
from lookalike.world.caption import caption
from lookalike.world.look import looks

TILES = 16
STEPS = 20


def sample_sheet(
    part: str, recipe: MiniRecipe, run: Path, data: Path, device: torch.device = CPU
) -> Path | None:
    """Write a sheet of what a part's last checkpoint makes; None for parts that make no pictures.

    The autoencoder's shows validation pictures beside their reconstructions, the U-Net's what it
    makes of validation captions.
    """
    if part not in ("vae", "unet"):
        return None
    draw = _vae_sheet if part == "vae" else _unet_sheet
    page = draw(recipe, run, data, device)
    path = run / part / "sample.png"
    write_bytes(path, png_bytes(page))
    return path


def train_with_sheets(
    part: str,
    recipe: MiniRecipe,
    run: Path,
    data: Path,
    every: float = 600.0,
    start: Path | None = None,
    device: torch.device = CPU,
    compiled: bool = False,
    seconds: float | None = None,
) -> Iterator[Step]:
    """`train_part`, with a sample sheet of the last checkpoint now and then and at the end.

    The same call goes on where the last one stopped; sheets draw no chance that training uses.
    """
    shown, first = time.monotonic(), place().first
    steps = train_part(
        part,
        recipe,
        run,
        data,
        start=start,
        device=device,
        compiled=compiled,
        seconds=seconds,
    )
    for step in steps:
        yield step
        if first and time.monotonic() - shown > every and (run / part / NAME).exists():
            sample_sheet(part, recipe, run, data, device)
            shown = time.monotonic()
    if first:
        sample_sheet(part, recipe, run, data, device)


def _vae_sheet(recipe: MiniRecipe, run: Path, data: Path, device: torch.device) -> Image.Image:
    pictures = pictures_of(recipe, data)
    vae: Any = trained_vae(recipe, run, pictures, device)
    with torch.no_grad():
        back = vae(scaled(as_tensor(pictures)[:TILES].to(device))).sample.cpu()
    rows = ((back.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    pairs = zip(pictures.pictures, rows, strict=False)
    return sheet([Image.fromarray(row) for pair in pairs for row in pair], 8)


def _unet_sheet(recipe: MiniRecipe, run: Path, data: Path, device: torch.device) -> Image.Image:
    backbone = backbone_of(recipe, run, data, device)
    said = [caption(one) for one in islice(looks("validation"), TILES)]
    with torch.no_grad():
        plan = Plan(
            prompt=Prompt(parts=(), settings=Settings(steps=STEPS)),
            conditionings=(Conditioning(backbone.embed(said)),),
            unconditional=backbone.unconditional(),
            start=noise(backbone, range(TILES), (backbone.pixels, backbone.pixels)),
        )
    return sheet(run_plan(backbone, plan), 8, labels=said)


def backbone_of(recipe: MiniRecipe, run: Path, data: Path, device: torch.device = CPU) -> Backbone:
    """What a run has trained so far, as a backbone to make pictures with."""
    clip, tokenizer = trained_clip(recipe, run)
    vae = trained_vae(recipe, run, pictures_of(recipe, data), device)
    parts = Parts(
        family="sd1",
        unet=trained_unet(recipe, run),
        vae=vae,
        towers=(TextTower(text_tower(clip), tokenizer),),
        scheduler_config=dict(noise_schedule().config),
    )
    return StableDiffusion(parts.to(device, torch.float32), name="mini in training")
