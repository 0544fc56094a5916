"""Where a U-Net attends: its attention layers by kind and place."""

from __future__ import annotations

from collections import Counter
from typing import Any

from lookalike.models.backbone import Place, Site

PLACES: tuple[tuple[str, Place], ...] = (("down_", "down"), ("mid_", "mid"), ("up_", "up"))


def attention_sites(unet: Any) -> list[Site]:
    """List a diffusers U-Net's attention layers in the order they run: down, mid, up."""
    from diffusers.models.attention_processor import Attention

    layers = [(path, each) for path, each in unet.named_modules() if isinstance(each, Attention)]
    sites: list[Site] = []
    seen: Counter[tuple[str, str]] = Counter()
    for prefix, place in PLACES:
        for path, layer in layers:
            if path.startswith(prefix):
                kind = "cross" if layer.is_cross_attention else "self"
                sites.append(Site(kind, place, seen[kind, place], path))
                seen[kind, place] += 1
    return sites
