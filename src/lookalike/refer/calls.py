"""Who stands where in one call of a U-Net: the pictures of every reading, then the references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool
from torch import Tensor

from lookalike.models.backbone import Place
from lookalike.refer.rows import Row
from lookalike.refer.seeing import Showing

Places = slice | Tensor
"""Some of a batch: side by side, or anywhere."""


@runtime_checkable
class Among(Protocol):
    """Which tokens of one another the pictures of a batch see, layer after layer of one call."""

    def drawn(self, place: Place, pictures: int, tokens: int) -> Bool[Tensor, " tokens"] | None:
        """The tokens, pictures side by side, that others see in the next layer; None for none."""
        ...


@dataclass(frozen=True, eq=False)
class Part:
    """Those of a call's pictures that see the same: where they are, alone and with what they see.

    Pictures of several readings may be one part, unless pictures see one another.
    """

    pictures: Places
    whole: Places
    showing: Showing


@dataclass(frozen=True, eq=False)
class Call:
    """What the U-Net works on at once.

    Rows look at nothing but themselves, so they stand there once, however many readings see them.
    """

    pictures: int  # of one reading
    rows: tuple[Row, ...]
    first: int  # where they begin
    parts: tuple[Part, ...]
    among: Among | None


def called(
    rows: Sequence[Row],
    seen: Sequence[Sequence[float]],
    x: Tensor,
    among: Among | None,
) -> Call:
    """The call of latents in which each of some readings sees so much of each of the rows."""
    there = [number for number in range(len(rows)) if any(each[number] for each in seen)]
    count = len(x) // len(seen)
    parts: dict[tuple[tuple[float, ...], int], list[int]] = {}
    for number, each in enumerate(seen):
        key = (tuple(each[one] for one in there), number if among else 0)
        parts.setdefault(key, []).extend(range(number * count, (number + 1) * count))
    shown = tuple(rows[number] for number in there)
    made = [_part(shown, weights, own, x) for (weights, _), own in parts.items()]
    return Call(count, shown, len(x), tuple(made), among)


def _part(rows: Sequence[Row], weights: Sequence[float], own: list[int], x: Tensor) -> Part:
    seen = [(place, weight) for place, weight in enumerate(weights) if weight]
    showing = Showing(
        len(own),
        tuple(replace(rows[place], weight=weight) for place, weight in seen),
        (x.shape[-2], x.shape[-1]),
    )
    behind = [len(x) + place for place, _ in seen]
    return Part(_places(own, x), _places([*own, *behind], x), showing)


def _places(which: list[int], x: Tensor) -> Places:
    """Places of a batch, without a copy of what is there where they are side by side."""
    first, last = which[0], which[-1] + 1
    if which == list(range(first, last)):
        return slice(first, last)
    return torch.tensor(which, device=x.device)
