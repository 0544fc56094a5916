"""DDIM inversion: the noisy latents, level by level, from which a model would make a picture."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch

from lookalike.core.embedding import Embedding
from lookalike.refer.rows import Latents, alphas_of

if TYPE_CHECKING:
    from lookalike.models.backbone import Backbone

REFINEMENTS = 1
"""How often each step's first guess is corrected: half of the round trip's error goes with one."""

NO_SIGNAL = 1e-3
"""Cumulative alpha below which noisy latents count as noise alone."""

KEPT = 16
"""Inversions that are kept for each model: pictures in one style are seldom the only ones."""


_known: WeakKeyDictionary[Backbone, dict[str, Mapping[int, Latents]]] = WeakKeyDictionary()


def kept_inversion(
    backbone: Backbone, clean: Latents, levels: Sequence[int], told: Embedding
) -> Mapping[int, Latents]:
    """What `inverted` gives, computed once for the same latents, levels and prompt."""
    if told.adjustment is not None:
        return inverted(backbone, clean, levels, told)
    known, mark = _known.setdefault(backbone, {}), _mark(clean, levels, told)
    # The latest stands last, so that the one used longest ago makes room.
    known[mark] = known.pop(mark, None) or inverted(backbone, clean, levels, told)
    while len(known) > KEPT:
        del known[next(iter(known))]
    return known[mark]


def _mark(clean: Latents, levels: Sequence[int], told: Embedding) -> str:
    parts = [clean, told.tokens, *([] if told.pooled is None else [told.pooled])]
    digest = hashlib.sha256(repr((levels, [(one.shape, one.dtype) for one in parts])).encode())
    for one in parts:
        digest.update(one.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def stepped(x: Latents, clean: Latents, at: float, to: float) -> Latents:
    """Noisy latents moved to another level along the line through what the model sees in them.

    `at` and `to` are cumulative alphas (Song et al. 2021, equation 12 without fresh noise); `at`
    is below 1.
    """
    noise = (x - math.sqrt(at) * clean) / math.sqrt(1 - at)
    return math.sqrt(to) * clean + math.sqrt(1 - to) * noise


@torch.no_grad()
def inverted(
    backbone: Backbone,
    clean: Latents,
    levels: Sequence[int],
    told: Embedding,
    refinements: int = REFINEMENTS,
) -> dict[int, Latents]:
    """The latents at each level from which DDIM along the same levels leads back to `clean`.

    Each level is solved for by fixed-point iteration, whose first guess is the usual inversion.
    """
    alphas = alphas_of(backbone)
    found: dict[int, Latents] = {}
    x, before = clean, 1.0
    for level in sorted(levels):
        at, guess = float(alphas[level]), x
        for _ in range(1 + refinements):
            seen = backbone.denoise(guess, torch.tensor(level), told)
            guess = _noisier(x, before, guess, seen, at)
        x, before = guess, at
        found[level] = x
    return found


def _noisier(x: Latents, before: float, guess: Latents, seen: Latents, at: float) -> Latents:
    """The latents at `at` that step to `x` at `before`, as far as `seen` in the guess is right.

    The step can be solved for them in two ways. Through the noise it converges wherever there is
    some signal; where there is none the clean latents alone tell the noise that led to `x`.
    """
    if at < NO_SIGNAL:
        return stepped(x, seen, before, at)
    noise = (guess - math.sqrt(at) * seen) / math.sqrt(1 - at)
    clean = (x - math.sqrt(1 - before) * noise) / math.sqrt(before)
    return math.sqrt(at) * clean + math.sqrt(1 - at) * noise
