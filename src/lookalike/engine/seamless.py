"""Pictures that repeat side by side without a seam: convolutions that wrap around."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from torch import nn

from lookalike.models.backbone import Backbone


@contextmanager
def seamless(backbone: Backbone, wanted: bool = True) -> Generator[None]:
    """Until the block ends, U-Net and VAE see a picture's left edge beside its right one.

    What pads with zeros pads with the opposite edge instead; attention knows no places anyway.
    """
    modules = [*backbone.unet.modules(), *backbone.vae.modules()] if wanted else []
    padded = [m for m in modules if isinstance(m, nn.Conv2d) and m.padding_mode == "zeros"]
    try:
        for module in padded:
            module.padding_mode = "circular"
        yield
    finally:
        for module in padded:
            module.padding_mode = "zeros"
