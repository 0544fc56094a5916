"""Fixtures: a VGG of few channels and random weights, and pictures to paint and to paint like."""

from __future__ import annotations

import pytest
import torch
from PIL import Image, ImageDraw

from lookalike.models.vgg import Vgg
from lookalike.models.vgg_file import places

WIDTHS = (4, 6, 8, 8, 8)


@pytest.fixture(scope="session")
def vgg() -> Vgg:
    """The layers of VGG-16 with few channels each, in float32."""
    generator = torch.Generator().manual_seed(1)
    inner, held = 3, {}
    for place in places(13):
        outer = WIDTHS[int(place[0]) - 1]
        weight = torch.randn(outer, inner, 3, 3, generator=generator) * (2 / (9 * inner)) ** 0.5
        held[place] = weight, torch.randn(outer, generator=generator) * 0.1
        inner = outer
    return Vgg("tiny", "0" * 64, held, "torchvision")


@pytest.fixture(scope="session")
def house() -> Image.Image:
    """A content: a house below a sun."""
    made = Image.new("RGB", (96, 64), "#88bbee")
    draw = ImageDraw.Draw(made)
    draw.rectangle((20, 30, 60, 64), "#aa4433")
    draw.ellipse((70, 5, 88, 23), "#ffee88")
    return made


@pytest.fixture(scope="session")
def stripes() -> Image.Image:
    """A style: slanted stripes in black and white."""
    made = Image.new("RGB", (64, 64), "white")
    draw = ImageDraw.Draw(made)
    for x in range(-64, 64, 8):
        draw.line((x, 0, x + 64, 64), "black", 3)
    return made
