"""Backbones of every family, and where they see pictures, for tests of converters that learn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest
import torch
from PIL.Image import Image
from torch import Tensor
from torch.nn.functional import normalize

from lookalike.convert import words
from lookalike.models.backbone import Backbone
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import tiny_backbone


@cache
def family(name: str) -> LatentDiffusion:
    """A random backbone of a family, made once; its words are placed once, too."""
    return tiny_backbone(name)


@pytest.fixture(autouse=True)
def few_common_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are placed by a tower of random weights: a few serve as well as many."""
    monkeypatch.setattr(words, "COMMON", 128)


@pytest.fixture
def backbone() -> LatentDiffusion:
    return family("sd1")


@pytest.fixture(params=["sd1", "sd2", "sdxl"])
def each(request: pytest.FixtureRequest) -> LatentDiffusion:
    """A backbone of every family."""
    return family(request.param)


@torch.no_grad()
def seen(backbone: Backbone, pictures: Sequence[Image]) -> Tensor:
    """Where CLIP sees pictures, at length 1."""
    return normalize(backbone.clip.see(pictures).projected, dim=-1)
