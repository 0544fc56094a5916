"""A U-Net whose linear layers hold 8 bits a number, by torchao."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from lookalike.core.extras import check_packages


def quantised(unet: nn.Module) -> None:
    """Turn the weights of linear layers to int8, each row with a scale of its own.

    They are read back into the precision of what comes in at every call. Convolutions stay.

    Raises:
        OptionError: torchao is not there.
    """
    check_packages("int8", "--compute int8", "torchao")
    with _silent():
        from torchao.quantization import Int8WeightOnlyConfig, quantize_

        quantize_(unet, Int8WeightOnlyConfig())


def is_whole(weight: Tensor) -> bool:
    """Whether a weight is a plain tensor, to which something can be added."""
    return type(weight.data) is Tensor


def weight_bytes(module: nn.Module) -> int:
    """The memory of a module's weights, scales included."""
    return sum(_bytes(weight) for weight in module.state_dict().values())


def _bytes(weight: Any) -> int:
    if is_whole(weight):
        return weight.numel() * weight.element_size()
    names, _ = weight.__tensor_flatten__()
    return sum(_bytes(getattr(weight, name)) for name in names)


@contextmanager
def _silent() -> Iterator[None]:
    """Without what torchao says while it is imported: what is for other machines, and warnings."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
