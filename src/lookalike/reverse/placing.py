"""Places of texts by their meaning, read a block at a time, so that the work can be watched."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from torch import Tensor

BLOCK = 1024
"""Texts read at once: some seconds' work."""


@runtime_checkable
class Reader(Protocol):
    """Whatever places texts at length 1, as `lookalike.models.sentences.Sentences` does."""

    def read(self, texts: Sequence[str]) -> Float[Tensor, "texts width"]:
        """The places of texts, in order."""
        ...


@dataclass(frozen=True)
class Read:
    """How many texts are read, of how many."""

    done: int
    of: int


def placed(
    reader: Reader, texts: Sequence[str]
) -> Generator[Read, None, Float[np.ndarray, "texts width"]]:
    """The places of texts, in order; yields after every block."""
    found = np.zeros((0, 0), np.float32)
    for start in range(0, len(texts), BLOCK):
        block = reader.read(texts[start : start + BLOCK]).numpy()
        if not start:
            # All of it at once: blocks that are joined at the end need the memory twice.
            found = np.zeros((len(texts), block.shape[1]), np.float32)
        found[start : start + len(block)] = block
        yield Read(start + len(block), len(texts))
    return found
