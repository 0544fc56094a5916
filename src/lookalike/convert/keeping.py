"""Keeps what was measured of a model between runs: reading some hundred sentences takes a while."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lookalike.core.errors import LookalikeError
from lookalike.core.files import write_bytes
from lookalike.models.hashing import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from lookalike.models.backbone import Backbone


def place_of(backbone: Backbone, what: str, texts: Sequence[str]) -> Path:
    """The file for what is measured on texts: another tower, projection or precision has another.

    `what` names the measure with its constants.
    """
    projection = backbone.clip.text_projection.detach().float().cpu().contiguous()
    marks = (what, backbone.space, str(backbone.dtype), backbone.device.type, *texts)
    digest = hashlib.sha256("\0".join(marks).encode())
    digest.update(projection.numpy().tobytes())
    return cache_folder() / "measured" / f"{digest.hexdigest()}.safetensors"


def read(file: Path) -> dict[str, Tensor] | None:
    """What was kept; None where nothing is, or it cannot be read."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(file.read_bytes())
    except (OSError, SafetensorError):
        return None


def keep(file: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors; a cache that cannot be written costs time, not the result."""
    from safetensors.torch import save

    try:
        write_bytes(file, save({name: each.cpu().contiguous() for name, each in tensors.items()}))
    except LookalikeError:
        return
