"""Whether a checkpoint fits into memory, said before anything is loaded."""

from __future__ import annotations

from math import prod
from pathlib import Path

import torch

from lookalike.core.errors import ModelError
from lookalike.core.memory import GIB, free_bytes
from lookalike.models.layout import weight_files
from lookalike.models.weights import read_header

LATER = "clip"
"""The component that is loaded at first need, and not with the rest."""


def check_room(path: Path, name: str, device: torch.device, dtype: torch.dtype) -> None:
    """Raise ModelError where a checkpoint's weights alone take more memory than is free."""
    free = free_bytes(device)
    if free is None or (need := weight_bytes(path, dtype)) <= free:
        return
    told = f"{name} takes {need / GIB:.1f} GiB of memory in {str(dtype).removeprefix('torch.')}"
    half = weight_bytes(path, torch.bfloat16)
    hint = f"; with LOOKALIKE_DTYPE=bfloat16 it takes {half / GIB:.1f}" if half < need else ""
    raise ModelError(f"{told}, and {free / GIB:.1f} are free{hint}")


def weight_bytes(path: Path, dtype: torch.dtype) -> int:
    """What a checkpoint's weights take in a precision; the VAE's, which may be kept full, too."""
    files = [file for file in weight_files(path) if file.parent.name != LATER]
    shapes = [shape for file in files for shape in read_header(file).shapes.values()]
    return sum(map(prod, shapes)) * dtype.itemsize
