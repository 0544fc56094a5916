"""Small random backbones with their CLIPs, and fixtures that keep tests to themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lookalike.models.clip import Clip
from lookalike.models.latent import LatentDiffusion
from lookalike.models.preprocess import Preprocess
from lookalike.models.sd import StableDiffusion
from lookalike.models.sdxl import StableDiffusionXL
from lookalike.models.vision import _halves
from tests.models.tiny_checkpoints import make_clip, make_tiny


def tiny_backbone(family: str = "sd1", folder: Path | None = None) -> LatentDiffusion:
    """A random backbone of 32 pixels with a whole CLIP; `folder` is where its extra files lie."""
    tiny = make_tiny(family)
    tiny.unet.register_to_config(sample_size=16)
    parts = tiny.parts().to(torch.device("cpu"), torch.float32)
    text, vision = _halves(make_clip(tiny, extra_layers=1 if family == "sd2" else 0))
    clip = Clip(text, vision, tiny.tokenizers[-1], Preprocess(32), sha256="c" * 64)
    for part in (text, vision):
        # Whatever precision a checkpoint was loaded in just before.
        part.float().requires_grad_(False)
    kind = StableDiffusionXL if family == "sdxl" else StableDiffusion
    made = kind(parts, "tiny", "b" * 64, find_clip=lambda _: clip, has_clip=True)
    made.folder = folder
    return made


def noise_picture(width: int = 32, height: int = 32, seed: int = 0) -> Image.Image:
    """Coloured blotches: what is left of noise when it is blown up."""
    drawn = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return Image.fromarray(drawn).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, and nothing of the user's."""
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LOOKALIKE_CACHE", str(cache))
    monkeypatch.delenv("LOOKALIKE_MODELS", raising=False)
    return cache


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Models this small spend more time on sharing work than on doing it."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def backbone() -> LatentDiffusion:
    """A random SD 1 backbone of 32 pixels; not to be changed by a test."""
    return tiny_backbone()
