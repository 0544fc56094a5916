"""Fixtures: manifests of given prompts, a reader of texts that needs no model, a small backbone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from lookalike.reverse.manifest import Manifest, manifest_of, write
from tests.engine.tiny import backbone, one_thread, own_cache

__all__ = ["backbone", "one_thread", "own_cache"]

WIDTH = 16


class WordReader:
    """Places a text by its words: those that share words lie near each other."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, texts: Sequence[str]) -> Float[Tensor, "texts width"]:
        self.asked += texts
        sums = [torch.stack([place(word) for word in text.split()]).sum(0) for text in texts]
        return normalize(torch.stack(sums), dim=-1) if sums else torch.zeros(0, WIDTH)


def place(word: str) -> Float[Tensor, " width"]:
    """The same random vector for the same word, in every process."""
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4])
    return torch.randn(WIDTH, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def reader() -> WordReader:
    return WordReader()


MakeManifest = Callable[[Sequence[str]], Manifest]


@pytest.fixture
def manifest_with(tmp_path: Path) -> MakeManifest:
    """Writes a manifest whose rows have these prompts, and gives it; there are no pictures."""

    def make(prompts: Sequence[str]) -> Manifest:
        rows = [
            {
                "picture": f"pictures/{row}.png",
                "prompt": prompt,
                "seed": row,
                "steps": 20,
                "guidance": 7.0,
                "sampler": "ddim",
                "width": 64,
                "height": 64,
            }
            for row, prompt in enumerate(prompts)
        ]
        made = manifest_of(tmp_path, rows)
        write(made)
        return made

    return make
