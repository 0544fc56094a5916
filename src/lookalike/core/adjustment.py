"""Additions to a U-Net's weights that an embedding was learnt together with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Adjustment:
    """What is added to weights, by the names that the U-Net's `state_dict` gives them.

    Whoever reads an embedding that has one reads it with these additions, and without them again
    afterwards: the model itself is never changed.
    """

    additions: Mapping[str, Tensor]

    def times(self, share: float) -> Adjustment:
        """The same additions, each multiplied."""
        return Adjustment({name: share * each for name, each in self.additions.items()})


def summed(adjustments: Sequence[Adjustment]) -> Adjustment | None:
    """All additions together; None where there are none."""
    whole: dict[str, Tensor] = {}
    for one in adjustments:
        for name, each in one.additions.items():
            whole[name] = whole[name] + each if name in whole else each
    return Adjustment(whole) if whole else None
