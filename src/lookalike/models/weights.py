"""The door for weight files: what a .safetensors file holds, read from its header alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookalike.core.errors import ModelError

PICKLED = {".ckpt", ".bin", ".pt", ".pth", ".pkl"}
HEADER_LIMIT = 100 * 2**20  # safetensors' own limit


@dataclass(frozen=True)
class Header:
    """Names and shapes of a file's tensors, and the notes that its maker left in it."""

    path: Path
    shapes: dict[str, tuple[int, ...]]
    notes: dict[str, str]

    def has(self, prefix: str) -> bool:
        """Whether any tensor's name starts so."""
        return any(name.startswith(prefix) for name in self.shapes)


def read_header(path: Path) -> Header:
    """Read and check a .safetensors file's header; ModelError when it is anything else."""
    refuse_pickle(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            _check_start(path, start, length)
            text = file.read(min(length, size))
    except FileNotFoundError:
        raise ModelError(f"there is no weight file {path}") from None
    except OSError as fault:
        raise ModelError(f"cannot read {path}: {fault.strerror or fault}") from fault
    if len(text) < length:
        raise ModelError(f"{path} is cut short in its header; fetch it again")
    entries = _parse(path, text)
    notes = entries.pop("__metadata__", None) or {}
    return Header(path, _shapes(path, entries, size - 8 - length), notes)


def refuse_pickle(path: Path) -> None:
    """Raise ModelError for a file whose name says that loading it would run a program."""
    if path.suffix.lower() in PICKLED:
        raise ModelError(
            f"{path} is a pickled checkpoint, which can run programs when opened; "
            "convert it to .safetensors"
        )


def _check_start(path: Path, start: bytes, length: int) -> None:
    if start.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise ModelError(
            f"{path} is a pickled checkpoint under another name; convert it to .safetensors"
        )
    if start == b"version ":
        raise ModelError(f"{path} is a Git LFS pointer, not the weights; run: git lfs pull")
    if len(start) < 8 or not 2 <= length <= HEADER_LIMIT:
        raise ModelError(f"{path} is not a .safetensors file")


def _parse(path: Path, text: bytes) -> dict[str, Any]:
    try:
        entries = json.loads(text)
    except ValueError:
        entries = None
    if not isinstance(entries, dict):
        raise ModelError(f"{path} is not a .safetensors file")
    return entries


def _shapes(path: Path, entries: dict[str, Any], room: int) -> dict[str, tuple[int, ...]]:
    try:
        shapes = {name: tuple(entry["shape"]) for name, entry in entries.items()}
        end = max((entry["data_offsets"][1] for entry in entries.values()), default=0)
    except (KeyError, TypeError, IndexError):
        raise ModelError(f"{path} is not a .safetensors file") from None
    if end > room:
        raise ModelError(f"{path} is cut short: {end - room} bytes are missing; fetch it again")
    return shapes
