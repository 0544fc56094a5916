"""The attribute probe: a small classifier of pixels, the judge of generated pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn

from lookalike.core.errors import ModelError
from lookalike.core.files import read_json

if TYPE_CHECKING:
    from PIL.Image import Image

Heads = Mapping[str, Sequence[str]]


class _Block(nn.Module):
    """Two normalised convolutions with a short cut, then half the size."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, padding=1, bias=False)
        self.second = nn.Conv2d(outside, outside, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(nn.GroupNorm(8, outside) for _ in range(2))
        self.short = nn.Conv2d(inside, outside, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = nn.functional.silu(self.norms[0](self.first(x)))
        inner = self.norms[1](self.second(inner))
        return nn.functional.max_pool2d(nn.functional.silu(inner + self.short(x)), 2)


class ProbeNet(nn.Module):
    """Convolutions, then one linear head per attribute; it shares nothing with mini."""

    def __init__(self, heads: Heads, widths: Sequence[int], pixels: int) -> None:
        super().__init__()
        self.widths, self.pixels = tuple(widths), pixels
        self.names: dict[str, list[str]] = {name: list(words) for name, words in heads.items()}
        chain = [3, *widths]
        self.body = nn.Sequential(*(_Block(a, b) for a, b in pairwise(chain)))
        side = pixels // 2 ** len(widths)
        self.mix = nn.Linear(widths[-1] * side * side, 256)
        self.out = nn.ModuleDict({name: nn.Linear(256, len(v)) for name, v in heads.items()})

    def forward(self, pictures: Float[Tensor, "batch 3 height width"]) -> dict[str, Tensor]:
        """Logits of every head; pictures from -1 to 1."""
        inner = nn.functional.silu(self.mix(self.body(pictures).flatten(1)))
        return {name: head(inner) for name, head in self.out.items()}


class Probe:
    """A trained probe: pictures in, attribute values out."""

    def __init__(self, net: ProbeNet) -> None:
        self.net = net.eval()
        self.heads = net.names

    @classmethod
    def load(cls, folder: Path) -> Probe:
        """The probe of a folder with `config.json` and `model.safetensors`.

        Raises:
            ModelError: the folder holds no probe.
        """
        if not (folder / "config.json").exists():
            raise ModelError(f"{folder} holds no probe; `lookalike mini train probe` makes one")
        config = read_json(folder / "config.json")
        net = ProbeNet(config["heads"], config["widths"], config["pixels"])
        net.load_state_dict(
            {k: v.float() for k, v in load_file(folder / "model.safetensors").items()}
        )
        return cls(net)

    def tensor(self, pictures: Sequence[Image]) -> Float[Tensor, "batch 3 height width"]:
        """Pictures at the probe's size, from -1 to 1."""
        from PIL.Image import Resampling

        side = (self.net.pixels, self.net.pixels)
        rows = [
            np.asarray(p if p.size == side else p.resize(side, Resampling.BOX), np.float32)
            for p in pictures
        ]
        return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2) / 127.5 - 1

    @torch.no_grad()
    def read(self, pictures: Sequence[Image], batch: int = 64) -> list[dict[str, str]]:
        """The likeliest value of every attribute, for each picture."""
        found: list[dict[str, str]] = []
        for start in range(0, len(pictures), batch):
            logits = self.net(self.tensor(pictures[start : start + batch]))
            best = {name: value.argmax(1).tolist() for name, value in logits.items()}
            count = len(pictures[start : start + batch])
            found += [
                {name: self.heads[name][places[i]] for name, places in best.items()}
                for i in range(count)
            ]
        return found
