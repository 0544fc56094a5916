"""VGG's convolutions in a .safetensors file, whatever naming it follows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from safetensors import safe_open
from torch import Tensor

from lookalike.core.errors import ModelError
from lookalike.core.files import sha256
from lookalike.models.weights import Header, read_header

Input = Literal["caffe", "torchvision"]
"""What the first layer wants: blue first, 0 to 255 less a mean; or red first, mean 0, width 1."""

NOTE = "input"
"""The note in a file that says so, where its names do not."""

WIDTHS = (64, 128, 256, 512, 512)
BLOCKS = {13: (2, 2, 3, 3, 3), 16: (2, 2, 4, 4, 4)}
"""How many convolutions stand in each block of VGG-16 and of VGG-19."""


@dataclass(frozen=True, eq=False)
class Convolutions:
    """Weights and biases by place ("1_1" is the first), and what they want for input."""

    weights: Mapping[str, tuple[Tensor, Tensor]]
    input: Input
    sha256: str


def read_convolutions(path: Path) -> Convolutions:
    """The convolutions of a VGG-16 or VGG-19, and nothing else of its file.

    Names are torchvision's (features.0.weight) or those of the layers (conv1_1.weight). A note
    "input" in the file, caffe or torchvision, goes before what the names suggest.

    Raises:
        ModelError: there is no such file, or something else is in it.
    """
    header = read_header(path)
    names = _names(header)
    with safe_open(path, "pt") as file:
        tensors = {place: _pair(file, name) for place, name in names.items()}
    return Convolutions(tensors, _input(header, names["1_1"]), sha256(path))


def places(count: int) -> list[str]:
    """The places of 13 or 16 convolutions, in order."""
    return [f"{b}_{c}" for b, n in enumerate(BLOCKS[count], 1) for c in range(1, n + 1)]


def _names(header: Header) -> dict[str, str]:
    """The name of the weight at each place; ModelError where the shapes are not VGG's."""
    if any(name.endswith("running_mean") for name in header.shapes):
        raise ModelError(f"{header.path} is a VGG with batch norms; one without them is needed")
    held = [n.removesuffix(".weight") for n, s in header.shapes.items() if _is_kernel(n, s)]
    held.sort(key=lambda name: [int(digits) for digits in re.findall(r"\d+", name)])
    shapes = [header.shapes[f"{name}.weight"] for name in held]
    if len(held) not in BLOCKS or shapes != _shapes(len(held)):
        raise ModelError(
            f"{header.path} is no VGG-16 or VGG-19: 13 or 16 convolutions named features.0.weight "
            "or conv1_1.weight are needed"
        )
    if bare := [name for name in held if f"{name}.bias" not in header.shapes]:
        raise ModelError(f"{header.path} lacks {bare[0]}.bias")
    return dict(zip(places(len(held)), held, strict=True))


def _is_kernel(name: str, shape: tuple[int, ...]) -> bool:
    return name.endswith(".weight") and len(shape) == 4 and shape[2:] == (3, 3)


def _shapes(count: int) -> list[tuple[int, int, int, int]]:
    wide = [WIDTHS[int(place[0]) - 1] for place in places(count)]
    return [(out, inner, 3, 3) for inner, out in zip([3, *wide], wide, strict=False)]


def _input(header: Header, first: str) -> Input:
    said = header.notes.get(NOTE, "torchvision" if first.startswith("features") else "caffe")
    if said not in ("caffe", "torchvision"):
        raise ModelError(f"{header.path} wants the input {said!r}; caffe and torchvision are known")
    return cast(Input, said)


def _pair(file: safe_open, name: str) -> tuple[Tensor, Tensor]:
    return file.get_tensor(f"{name}.weight"), file.get_tensor(f"{name}.bias")
