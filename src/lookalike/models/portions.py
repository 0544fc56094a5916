"""How many pictures are worked on at once, where nobody said: by their size, not their number."""

from __future__ import annotations

from lookalike.models.backbone import Backbone

CELLS = 256
"""Latent cells of one picture of mini, for whose memory the numbers of pictures were chosen."""


def at_once(backbone: Backbone, most: int) -> int:
    """How many pictures of a model's own size take no more cells than `most` of mini's.

    128 of mini's are 8 of SD 1.5's and 2 of SDXL's: with 128 of those, memory for attention alone
    would be counted in terabytes.
    """
    _, height, width = backbone.latent
    return max(1, min(most, most * CELLS // (height * width)))
