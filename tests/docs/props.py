"""What pages speak of as the reader's own: pictures of persons, checkpoints, an adapter."""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

from lookalike.world.look import looks
from lookalike.world.render import render
from tests.docs.blocks import ROOT


def persons(*names: str) -> None:
    """Drawn persons that mini has never seen, a file each."""
    for name, look in zip(names, islice(looks("test"), len(names)), strict=True):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        render(look).convert("RGB").save(name)


def checkpoint(folder: str, family: str = "sd1") -> None:
    """A small random checkpoint in diffusers' format, with its CLIP beside."""
    from tests.models.tiny_checkpoints import make_clip, make_tiny

    made = make_tiny(family)
    made.unet.register_to_config(sample_size=16)
    make_clip(made).save_pretrained(made.save(Path(folder)) / "clip")


def adapter(file: str, encoder: str, width: int = 48) -> None:
    """A random IP-Adapter for such a checkpoint, and the vision tower that it reads."""
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    from benchmarks.adapters import save_adapter
    from tests.models.tiny_checkpoints import make_tiny

    save_adapter(Path(file), make_tiny("sd1").unet, width)
    config = CLIPVisionConfig(
        hidden_size=40,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
        projection_dim=width,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        CLIPVisionModelWithProjection(config).save_pretrained(encoder)


def plain(size: int, **colours: str) -> None:
    """One-coloured pictures, as NAME=colour; their files are JPEG."""
    from PIL import Image

    for name, colour in colours.items():
        Image.new("RGB", (size, size), colour).save(f"{name}.jpg")


def recipe(room: str, file: str) -> None:
    """The smallest recipe of a room's tests."""
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "tests" / room / "tiny.toml", file)


def reader_recipe(file: str) -> None:
    """A recipe of one reader, for two steps of two pictures."""
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(
        """words = 20
ranked = 0
[neighbours]
count = 4
[kernel]
centroids = 8
[readers.clip]
kind = "clip"
snapshots = 1
schedule = { steps = 2, batch = 2, rate = 1e-4, bf16 = false }
"""
    )


def signer(chain: str, key: str) -> None:
    """A certificate that nobody vouches for, and its key."""
    from tests.session.throwaway import pair

    for made, name in zip(pair(Path()), (chain, key), strict=True):
        made.rename(name)


def diffusiondb(folder: str) -> None:
    """A part of DiffusionDB as it is published, with six plain pictures."""
    from tests.reverse.published import Shot, write_table, write_zip

    rows = [Shot(f"{i}.png", text, size=(512, 16)) for i, text in enumerate(PROMPTS)]
    write_table(Path(folder), rows)
    write_zip(Path(folder), rows)


PROMPTS = (
    *("a portrait of an old sailor", "a castle above the clouds", "a bowl of ripe oranges"),
    *("a city street at night in the rain", "an astronaut who rides a horse", "a sleeping cat"),
)


def dino(folder: str) -> None:
    """A small random DINO."""
    import torch
    from transformers import ViTConfig, ViTModel

    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=16,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        ViTModel(config, add_pooling_layer=False).save_pretrained(folder)
