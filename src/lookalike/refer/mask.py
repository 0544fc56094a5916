"""Where the parts of a reference's subject are, by where words that change them change it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from lookalike.core.embedding import Embedding
from lookalike.models.backbone import Backbone
from lookalike.models.portions import at_once
from lookalike.refer.rows import Latents, alphas_of, drawn_noise, noised
from lookalike.refer.words import table

SIGNALS = (0.3, 0.6)
"""Cumulative alphas at which the model is asked: words still decide, and places are settled."""

ASKED = 32
"""Prompts that a model of mini's size is asked with at once at most."""


@torch.no_grad()
def parts(backbone: Backbone, clean: Latents) -> dict[str, Float[Tensor, "height width"]]:
    """Masks over a picture's latents (one row): 1 where a part is; they exclude one another.

    The model is asked twice for each part, as "pale skin" and as "dark skin" say: where its answers
    differ most, there the part is. DiffEdit's contrast (Couairon et al., 2022) in place of
    cross-attention maps, whose heads and layers disagree and whose cells are larger.
    """
    pairs: Mapping[str, list[str]] = table()["contrast"]
    told = backbone.embed([f"a person with {words}" for pair in pairs.values() for words in pair])
    alphas = alphas_of(backbone)
    levels = [int((alphas - signal).abs().argmin()) for signal in SIGNALS]
    shown = noised(backbone, clean, levels, drawn_noise(clean, 0))
    seen = torch.stack([_answers(backbone, shown[level], level, told) for level in levels])
    change = (seen[:, 0::2] - seen[:, 1::2]).abs().mean((0, 2))
    change = change / change.mean((1, 2), keepdim=True).clamp(min=1e-12)
    smooth = F.avg_pool2d(change[:, None], 3, stride=1, padding=1)[:, 0]
    most = smooth.argmax(0)
    return {name: (most == number).float() for number, name in enumerate(pairs)}


def _answers(
    backbone: Backbone, x: Latents, level: int, told: Embedding
) -> Float[Tensor, "asked channels height width"]:
    """What the model sees in noisy latents under each of several prompts, a few at a time."""
    size = at_once(backbone, ASKED)
    found: list[Tensor] = []
    for start in range(0, len(told), size):
        part = told.part(slice(start, start + size))
        found.append(backbone.denoise(x.expand(len(part), -1, -1, -1), torch.tensor(level), part))
    return torch.cat(found)
