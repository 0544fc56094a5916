"""Training data of mini as tensors: pictures, and captions drawn step by step."""

from __future__ import annotations

import random

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from lookalike.world.caption import training_caption
from lookalike.world.dataset import Dataset


def as_tensor(data: Dataset) -> UInt8[Tensor, "count 3 height width"]:
    """All pictures of a data set, channels first, one byte a value, without a copy."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the buffer is read-only; so are we
        whole = torch.from_numpy(data.pictures)
    return whole.permute(0, 3, 1, 2)


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
