"""Classifier-free guidance over weighted conditionings, on predictions of the clean latents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jaxtyping import Float
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Denoise, Plan
from lookalike.core.readings import can_be_read_at_once, stacked

Latents = Float[Tensor, "batch channels height width"]


def guided(
    denoise: Denoise, plan: Plan, x: Latents, level: Tensor, *, together: bool = True
) -> Latents:
    """The clean latents to steer towards.

    For fixed noisy latents the clean prediction is linear in the noise prediction, so guidance
    (Ho and Salimans 2021, equation 6) is the same on both. Weights are relative to the sum of the
    positive ones, which share the guidance among them; negative ones push away besides. Differs
    from dividing by the sum of all: there, one part that pushes away doubles the guidance of the
    rest, and bleaches mini's colours. All are asked for `together`, unless memory is short.
    """
    scale = plan.guidance
    total = total_weight([c.weight for c in plan.conditionings])
    read = [c for c in plan.conditionings if total]
    shares = [c.weight / total for c in read]
    if scale == 1 and shares == [1]:
        return denoise(x, level, read[0].embedding)
    nothing = _read_alike(plan)
    pairs = [(c.embedding, nothing if c.against is None else c.against) for c in read]
    # Each once, though the words be read for themselves and for what is measured against them.
    asked = {id(one): one for one in (nothing, *(one for pair in pairs for one in pair))}
    apart = not together or not can_be_read_at_once((*plan.wraps, *plan.injections))
    read_as = _readings(denoise, x, level, list(asked.values()), apart=apart)
    seen = dict(zip(asked, read_as, strict=True))
    steered = seen[id(nothing)]
    for share, (one, other) in zip(shares, pairs, strict=True):
        steered = steered + (scale * share) * (seen[id(one)] - seen[id(other)])
    return steered


def _readings(
    denoise: Denoise, x: Latents, level: Tensor, embeddings: Sequence[Embedding], *, apart: bool
) -> Sequence[Latents]:
    """What is seen in the same latents with each of some embeddings: at once, where that may be.

    What bends a plan may count on one row for each picture: then they go one after another.
    """
    times = len(embeddings)
    if apart or any(_kind(one) != _kind(embeddings[0]) for one in embeddings):
        return [denoise(x, level, one) for one in embeddings]
    return denoise(x.repeat(times, 1, 1, 1), level, stacked(embeddings, len(x))).chunk(times)


def _kind(embedding: Embedding) -> tuple[object, ...]:
    """What embeddings must have in common to be read in one call."""
    return embedding.tokens.shape[1:], embedding.pooled is None, id(embedding.adjustment)


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
