"""The objective: how far predicted embeddings, and the words read off them, are from the truth."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

VOCABULARY, HUBER = 0.1, 1.0
"""The published weights of the two terms beside the cosine, whose weight is 1."""

Truths = Float[Tensor, "rows words"] | Bool[Tensor, "rows words"]

_FLOOR = 1e-8
"""The least base of a power: the slope of 0^γ is infinite where γ is below 1."""


def joint_loss(
    predicted: Float[Tensor, "rows width"],
    targets: Float[Tensor, "rows width"],
    logits: Float[Tensor, "rows words"] | None = None,
    marks: Truths | None = None,
    *,
    cosine: float = 1.0,
    vocabulary: float = VOCABULARY,
    huber: float = HUBER,
) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
    """(1 - cos) + 0.1 · vocabulary + Huber, and each term by its name, unweighted and detached.

    A term of weight 0 is not computed: without the vocabulary neither logits nor marks are needed.
    Between unit vectors the Huber term (δ = 1, the mean over a row's numbers) is (1 - cos) / width,
    since no number differs by enough to leave the square: a copy of the first term on a small
    scale, kept as published.

    Raises:
        ValueError: the vocabulary has a weight, and its logits or marks lack.
    """
    terms: dict[str, tuple[float, Tensor]] = {}
    if cosine:
        terms["cosine"] = cosine, (1 - F.cosine_similarity(predicted, targets)).mean()
    if vocabulary:
        if logits is None or marks is None:
            raise ValueError("the vocabulary's term needs logits and marks")
        found = F.binary_cross_entropy_with_logits(logits, marks.to(logits))
        terms["vocabulary"] = vocabulary, found
    if huber:
        terms["huber"] = huber, F.huber_loss(predicted, targets)
    loss = sum((weight * term for weight, term in terms.values()), predicted.new_zeros(()))
    return loss, {name: term.detach() for name, (_, term) in terms.items()}


def asymmetric_loss(
    logits: Float[Tensor, "rows words"],
    truths: Truths,
    gamma_pos: float = 0.0,
    gamma_neg: float = 4.0,
    margin: float = 0.05,
) -> Float[Tensor, ""]:
    """The loss of Ridnik et al. (2021) for labels that are mostly absent, as the mean of all.

    Easy absences count for little (γ-), and those of a probability below the margin for nothing.
    Differs from the paper: the mean, not the sum, so that with γ = 0 and no margin it is the binary
    cross-entropy that stands in the joint objective.
    """
    p = logits.sigmoid()
    present = (1 - p).clamp(min=_FLOOR) ** gamma_pos * F.logsigmoid(logits)
    shifted = (p - margin).clamp(min=0)
    # Exact where no margin keeps the logarithm away from 0.
    absent = torch.log1p(-shifted) if margin else F.logsigmoid(-logits)
    absent = shifted.clamp(min=_FLOOR) ** gamma_neg * absent
    return -torch.where(truths.bool(), present, absent).mean()
