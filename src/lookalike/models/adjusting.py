"""Lends a U-Net the additions that an embedding brings, and takes them back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

from torch import Tensor, nn
from torch.nn.functional import linear

from lookalike.core.adjustment import Adjustment
from lookalike.core.errors import ModelError
from lookalike.models.quantising import is_whole

WEIGHT = ".weight"

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
    if any(name in weights and not is_whole(weights[name]) for name in adjustment.additions):
        _check(weights, adjustment)
        with beside(unet, adjustment.additions):
            yield
        return
    changed = _summed(unet, weights, adjustment)
    own = {name: weights[name].data for name in changed}
    try:
        for name, value in changed.items():
            weights[name].data = value
        yield
    finally:
        for name, value in own.items():
            weights[name].data = value


@contextmanager
def beside(unet: Any, additions: Mapping[str, Tensor]) -> Iterator[None]:
    """A block in which linear layers add what the additions make of their input.

    Their own weights stay untouched; gradients reach the additions.
    """
    with ExitStack() as stack:
        for name, each in additions.items():
            layer = unet.get_submodule(name.removesuffix(WEIGHT))
            stack.callback(layer.register_forward_hook(_adding(each)).remove)
        yield


def _adding(weight: Tensor) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
    return lambda _, given, made: made + linear(given[0], weight.to(given[0]))


def _check(weights: Mapping[str, nn.Parameter], adjustment: Adjustment) -> None:
    for name, each in adjustment.additions.items():
        if name not in weights or weights[name].shape != each.shape:
            raise ModelError(f"what was learnt is for another U-Net: this one has no such {name}")


def _summed(
    unet: Any, weights: Mapping[str, nn.Parameter], adjustment: Adjustment
) -> dict[str, Tensor]:
    known = _sums.get(adjustment)
    if known is not None and known[0]() is unet:
        return known[1]
    _check(weights, adjustment)
    made = {
        name: weights[name].data + each.to(weights[name].data)
        for name, each in adjustment.additions.items()
    }
    _sums[adjustment] = (ref(unet), made)
    return made
