"""The detector of words: the vocabulary heads joined, tuned and calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lookalike.describe.reversing.readers import Reader
from lookalike.reverse.calibration import Calibration
from lookalike.reverse.manifest import DataError
from lookalike.reverse.modifiers import calibration_error, f1, said, thresholds
from lookalike.reverse.objective import asymmetric_loss

STEPS, RATE = 300, 3e-3

Places = Float[Tensor, "_ width"]  # training and validation stand together
Marks = Bool[Tensor, "_ words"]


@dataclass(frozen=True, eq=False)
class Detector:
    """A linear layer from a predicted place, scaled to unit variance, to calibrated logits."""

    weight: Float[Tensor, "words width"]
    bias: Float[Tensor, " words"]
    figures: dict[str, float]  # on validation, which it was calibrated on


def detector_of(
    readers: Sequence[Reader],
    shares: Sequence[float],
    train: tuple[Places, Marks],
    validation: tuple[Places, Marks],
) -> Detector:
    """The detector of an ensemble: its readers' heads, tuned by the asymmetric loss if that helps.

    Raises:
        DataError: no reader learnt the vocabulary.
    """
    start = _joined(readers, shares)
    candidates = [start, _tuned(start, *train)]
    found = [_finished(*each, *validation) for each in candidates]
    return max(found, key=lambda each: each.figures["modifier_f1"])


def _joined(
    readers: Sequence[Reader], shares: Sequence[float]
) -> tuple[Float[Tensor, "words width"], Float[Tensor, " words"]]:
    """The heads' weighted mean: linear layers over one space may be meant."""
    heads = [(r.words, s) for r, s in zip(readers, shares, strict=True) if r.words is not None]
    if not heads:
        raise DataError("no reader learnt the vocabulary: give one a weight of the vocabulary")
    parts = torch.tensor([share for _, share in heads])
    parts = parts / parts.sum() if parts.sum() > 0 else torch.full_like(parts, 1 / len(parts))
    weight = torch.stack([head.weight.detach().cpu().float() for head, _ in heads])
    bias = torch.stack([head.bias.detach().cpu().float() for head, _ in heads])
    return torch.einsum("h,hwd->wd", parts, weight), parts @ bias


def _tuned(
    start: tuple[Float[Tensor, "words width"], Float[Tensor, " words"]],
    places: Places,
    marks: Marks,
) -> tuple[Float[Tensor, "words width"], Float[Tensor, " words"]]:
    weight, bias = (each.clone().requires_grad_(True) for each in start)
    optimiser = torch.optim.AdamW([weight, bias], RATE, weight_decay=0.01)
    for _ in range(STEPS):
        optimiser.zero_grad()
        asymmetric_loss(_scaled(places) @ weight.T + bias, marks).backward()
        optimiser.step()
    return weight.detach(), bias.detach()


def _scaled(places: Places) -> Places:
    return places * places.shape[1] ** 0.5


def _finished(
    weight: Float[Tensor, "words width"],
    bias: Float[Tensor, " words"],
    places: Places,
    marks: Marks,
) -> Detector:
    logits, truth = (_scaled(places) @ weight.T + bias).numpy(), marks.numpy()
    fitted = Calibration.fit(logits, truth)
    probabilities = fitted.probabilities(logits)
    raw = 1 / (1 + np.exp(-logits.astype(np.float64)))
    agreement = f1(said(probabilities, thresholds(probabilities, truth)), truth)
    figures = {
        "modifier_f1": agreement.micro,
        "modifier_f1_per_picture": agreement.per_row,
        "calibration_error_before": calibration_error(raw, truth),
        "calibration_error": calibration_error(probabilities, truth),
    }
    return Detector(
        weight * fitted.slope,
        bias * fitted.slope + torch.from_numpy(fitted.bias).float(),
        figures,
    )
