"""Tensors in a .safetensors file, written at once and without a copy of them all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lookalike.core.errors import OutputError
from lookalike.core.files import writing

if TYPE_CHECKING:
    from torch import Tensor


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], notes: Mapping[str, str] | None = None
) -> None:
    """Write `path` at once, replacing what was there, with `notes` in its header.

    Tensors on a CPU are written from where they lie; one that shares its memory with another is
    copied. Raises `OutputError` when that is impossible; then `path` is as it was before.
    """
    import safetensors.torch
    from safetensors import SafetensorError

    save = cast(Any, safetensors.torch).save_file
    seen: set[int] = set()
    own: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        one = tensor.detach().cpu().contiguous()
        place = one.untyped_storage().data_ptr()
        own[name] = one.clone() if place in seen else one
        seen.add(place)
    with writing(path) as file:
        try:
            save(own, file, dict(notes) if notes else None)
        except SafetensorError as fault:
            raise OutputError(f"cannot write {path}: {fault}") from fault
