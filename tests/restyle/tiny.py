"""A VGG of few channels and random weights, for tests that are about everything else."""

from __future__ import annotations

import torch

from lookalike.models.vgg import Vgg
from lookalike.models.vgg_file import places

WIDTHS = (4, 6, 8, 8, 8)


def tiny_vgg() -> Vgg:
    """The layers of VGG-16 with few channels each, in float32."""
    generator = torch.Generator().manual_seed(1)
    inner, held = 3, {}
    for place in places(13):
        outer = WIDTHS[int(place[0]) - 1]
        weight = torch.randn(outer, inner, 3, 3, generator=generator) * (2 / (9 * inner)) ** 0.5
        held[place] = weight, torch.randn(outer, generator=generator) * 0.1
        inner = outer
    return Vgg("vgg16", "0" * 64, held, "torchvision")
