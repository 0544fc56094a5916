"""Training data of mini as tensors: pictures, and captions drawn step by step."""

from __future__ import annotations

import random
from typing import Any, TypeVar

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from lookalike.world.caption import training_caption
from lookalike.world.dataset import Dataset

M = TypeVar("M", bound=nn.Module)

CPU = torch.device("cpu")


def placed(module: M, device: torch.device) -> M:
    """A module on its device, laid out as convolutions are fastest there; on the CPU as it is."""
    if device.type == "cpu":
        return module
    laid: Any = module  # PyTorch's declaration of `to` knows one of the two at a time
    return laid.to(device, memory_format=torch.channels_last)


def sent(drawn: Tensor, device: torch.device) -> Tensor:
    """What was drawn on the CPU, on its device; nobody waits until it is there."""
    if device.type != "cuda":
        return drawn.to(device)
    # From memory of any other kind, the copy would wait for all that the device still has to do.
    return drawn.pin_memory().to(device, non_blocking=True)


def as_tensor(data: Dataset) -> UInt8[Tensor, "count 3 height width"]:
    """All pictures of a data set, channels first, one byte a value, without a copy."""
    return torch.from_numpy(data.pictures).permute(0, 3, 1, 2)


def scaled(
    pictures: UInt8[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    """Bytes as numbers from -1 to 1."""
    return pictures.float() / 127.5 - 1


def chance_of(chance: torch.Generator) -> random.Random:
    """Python's kind of chance, seeded from torch's."""
    return random.Random(int(torch.randint(2**62, (1,), generator=chance)))


def captions(data: Dataset, which: Int64[Tensor, " batch"], chance: torch.Generator) -> list[str]:
    """A fresh caption for each chosen picture, drawn from `chance`."""
    words = chance_of(chance)
    return [training_caption(data.looks[i], words) for i in which.tolist()]
