"""Classifier-free guidance over weighted conditionings, on predictions of the clean latents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jaxtyping import Float
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Denoise, Plan

Latents = Float[Tensor, "batch channels height width"]


def guided(denoise: Denoise, plan: Plan, x: Latents, level: Tensor) -> Latents:
    """The clean latents to steer towards.

    For fixed noisy latents the clean prediction is linear in the noise prediction, so guidance
    (Ho and Salimans 2021, equation 6) is the same on both. Weights are relative to the sum of the
    positive ones, which share the guidance among them; negative ones push away besides. Differs
    from dividing by the sum of all: there, one part that pushes away doubles the guidance of the
    rest, and bleaches mini's colours.
    """
    scale = plan.prompt.settings.guidance
    total = total_weight([c.weight for c in plan.conditionings])
    told = [(c.weight / total, denoise(x, level, c.embedding)) for c in plan.conditionings if total]
    if scale == 1 and len(told) == 1 and told[0][0] == 1:
        return told[0][1]
    bare = denoise(x, level, _read_alike(plan))
    steered = bare
    for share, seen in told:
        steered = steered + (scale * share) * (seen - bare)
    return steered


def _read_alike(plan: Plan) -> Embedding:
    """The empty prompt, read with the weights that the prompt is read with.

    Guidance is to strengthen what a prompt says, and not what was learnt of the U-Net besides.
    """
    learnt = [c.embedding.adjustment for c in plan.conditionings if c.weight > 0]
    if not learnt or learnt[0] is None:
        return plan.unconditional
    return replace(plan.unconditional, adjustment=learnt[0])


def total_weight(weights: Sequence[float]) -> float:
    """What weights of parts are measured by: the positive ones, or where there are none, all."""
    return sum(w for w in weights if w > 0) or sum(map(abs, weights))
