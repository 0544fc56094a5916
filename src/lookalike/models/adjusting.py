"""Lends a U-Net the additions that an embedding brings, and takes them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

from torch import Tensor, nn

from lookalike.core.adjustment import Adjustment
from lookalike.core.errors import ModelError

# Sums are kept as long as their adjustment lives: a run reads the same embedding at every step.
_sums: WeakKeyDictionary[Adjustment, tuple[ReferenceType[nn.Module], dict[str, Tensor]]] = (
    WeakKeyDictionary()
)


@contextmanager
def adjusted(unet: Any, adjustment: Adjustment | None) -> Iterator[None]:
    """A block in which a U-Net's weights have an adjustment's additions.

    Afterwards they are what they were, to the last bit.

    Raises:
        ModelError: the adjustment is for another U-Net.
    """
    if adjustment is None:
        yield
        return
    weights: Mapping[str, nn.Parameter] = dict(unet.named_parameters())
    changed = _summed(unet, weights, adjustment)
    own = {name: weights[name].data for name in changed}
    try:
        for name, value in changed.items():
            weights[name].data = value
        yield
    finally:
        for name, value in own.items():
            weights[name].data = value


def _summed(
    unet: Any, weights: Mapping[str, nn.Parameter], adjustment: Adjustment
) -> dict[str, Tensor]:
    known = _sums.get(adjustment)
    if known is not None and known[0]() is unet:
        return known[1]
    for name, each in adjustment.additions.items():
        if name not in weights or weights[name].shape != each.shape:
            raise ModelError(f"what was learnt is for another U-Net: this one has no such {name}")
    made = {
        name: weights[name].data + each.to(weights[name].data)
        for name, each in adjustment.additions.items()
    }
    _sums[adjustment] = (ref(unet), made)
    return made
