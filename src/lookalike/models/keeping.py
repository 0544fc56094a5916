"""Tensors that were computed of a model's weights, kept in the user's cache for the next time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from lookalike.core.errors import OutputError
from lookalike.core.files import write_bytes


def kept(file: Path) -> dict[str, Tensor]:
    """What a file of the cache holds; nothing where it is missing or damaged."""
    try:
        return load_file(file)
    except (SafetensorError, OSError):
        return {}


def keep(file: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors; a cache that cannot be written costs time, not the result."""
    with suppress(OutputError):
        write_bytes(file, save({name: each.cpu().contiguous() for name, each in tensors.items()}))
