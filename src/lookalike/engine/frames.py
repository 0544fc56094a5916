"""Several prompts in one run: each picture reads its own, and all can share attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from lookalike.core.embedding import join
from lookalike.core.errors import PromptError
from lookalike.core.plan import Conditioning, Plan


def side_by_side(plans: Sequence[Plan]) -> Plan:
    """Plans of one and the same making, as one of all their pictures; settings of the first.

    Raises:
        PromptError: they differ in how many parts their prompts have, or in the parts' weights.
    """
    weights = [[one.weight for one in plan.conditionings] for plan in plans]
    for number, own in enumerate(weights):
        if own != weights[0]:
            raise PromptError(
                f"prompts of one run need the same parts and weights: the first has "
                f"{_said(weights[0])}, number {number + 1} has {_said(own)}"
            )
    columns = zip(*(plan.conditionings for plan in plans), strict=True)
    return replace(
        plans[0],
        conditionings=tuple(
            Conditioning(join([one.embedding for one in each]), each[0].weight) for each in columns
        ),
        start=torch.cat([plan.start for plan in plans]),
    )


def _said(weights: Sequence[float]) -> str:
    return " and ".join(f"{weight:g}" for weight in weights) or "none"
