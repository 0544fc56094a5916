"""Several prompts in one run: each picture reads its own, and all can share attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from lookalike.core.embedding import Embedding, join
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
    return replace(
        plans[0],
        conditionings=tuple(_joined([plan.conditionings for plan in plans])),
        start=torch.cat([plan.start for plan in plans]),
        seeds=tuple(seed for plan in plans for seed in plan.seeds),
    )


def _joined(plans: Sequence[Sequence[Conditioning]]) -> Iterator[Conditioning]:
    """Each conditioning with a row for each plan; what was one embedding before stays one."""
    known: dict[tuple[int, ...], Embedding] = {}

    def rows(each: Sequence[Embedding]) -> Embedding:
        key = tuple(map(id, each))
        if key not in known:
            known[key] = join(each)
        return known[key]

    for column in zip(*plans, strict=True):
        against = [one.against for one in column if one.against is not None]
        yield Conditioning(
            rows([one.embedding for one in column]),
            column[0].weight,
            rows(against) if against else None,
        )


def _said(weights: Sequence[float]) -> str:
    return " and ".join(f"{weight:g}" for weight in weights) or "none"
