"""The full recipe fits where it is to fit: in the package, and in a stock pipeline."""

from __future__ import annotations

from math import prod

import pytest
import torch
from torch import nn
from transformers import CLIPTokenizer

from lookalike.mini import unet, vae
from lookalike.mini.clip import build
from lookalike.mini.recipe import MiniRecipe, read_recipe
from lookalike.models.spec import packaged

PIECES = 1_000_000
"""Bytes of tokenizers, gauge, phrases and configurations, rounded up."""


@pytest.fixture(scope="module")
def full() -> MiniRecipe:
    return read_recipe("full")


def weights(of: nn.Module) -> int:
    return sum(prod(each.shape) for each in of.parameters())


def test_all_of_it_stays_under_64_mib_in_half_precision(full: MiniRecipe) -> None:
    words = CLIPTokenizer.from_pretrained(packaged() / "mini" / "tokenizer")
    assert full.clip.vocabulary == read_recipe("draft").clip.vocabulary
    with torch.device("meta"):
        clip = build(full.clip, words, full.pictures.pixels)
        autoencoder = vae.build(full.vae, full.pictures.pixels)
        net = unet.build(full.unet, 16, full.vae.latent, full.clip.width)
    assert 20_000_000 < weights(net) < 30_000_000
    # The text tower lies in the folder twice: by itself, and in CLIP.
    count = weights(clip) + weights(clip.text_model) + weights(autoencoder) + weights(net)
    assert 60 * 2**20 < 2 * count + PIECES < 64 * 2**20
    own = [path for path in (packaged() / "mini").rglob("*") if path.is_file()]
    assert sum(p.stat().st_size for p in own if p.parent.name not in PARTS) < PIECES


PARTS = ("clip", "text_encoder", "unet", "vae")


def test_its_latents_are_eighths_with_eight_channels(full: MiniRecipe) -> None:
    with torch.device("meta"):
        autoencoder = vae.build(full.vae, full.pictures.pixels)
        net = unet.build(full.unet, 16, full.vae.latent, full.clip.width)
        side = full.pictures.pixels
        latents = vae.posterior(autoencoder, torch.zeros(2, 3, side, side)).mean
        assert latents.shape == (2, 8, 16, 16)
        told = torch.zeros(2, 77, full.clip.width)
        assert net(latents, torch.zeros(2), told).sample.shape == latents.shape
        assert autoencoder.decode(latents).sample.shape == (2, 3, side, side)
