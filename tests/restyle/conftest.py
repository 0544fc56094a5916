"""Fixtures: a small VGG, and pictures to paint and to paint like."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from lookalike.models.vgg import Vgg
from tests.restyle.tiny import tiny_vgg


@pytest.fixture(scope="session")
def vgg() -> Vgg:
    """The layers of VGG-16 with few channels each."""
    return tiny_vgg()


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
