"""Fingerprints are right, remembered, and forgotten when a file changes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lookalike.models import hashing
from lookalike.models.hashing import remembered_sha256, weights_sha256


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "some.safetensors"
    save_file({"x": torch.arange(9.0)}, path)
    return path


def test_a_single_files_hash_is_the_files_own(file: Path) -> None:
    assert weights_sha256(file) == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_folders_hash_is_made_as_documented(folders: dict[str, Path]) -> None:
    folder = folders["sdxl"]
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.safetensors"))
    lines = [f"{x}\0{hashlib.sha256((folder / x).read_bytes()).hexdigest()}\n" for x in found]
    assert len(found) == 4
    assert weights_sha256(folder) == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_a_file_is_read_once_and_again_when_it_changes(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    plain = hashing.sha256
    monkeypatch.setattr(hashing, "sha256", lambda path: (read.append(path), plain(path))[1])
    assert remembered_sha256(file) is None
    first = weights_sha256(file)
    assert weights_sha256(file) == remembered_sha256(file) == first
    assert read == [file]
    save_file({"x": torch.arange(9.0) + 1}, file)
    os.utime(file, ns=(1, 1))
    assert weights_sha256(file) != first
    assert len(read) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"x": 1}'])
def test_a_damaged_memory_is_no_obstacle(content: bytes, file: Path, own_cache: Path) -> None:
    (own_cache / "sha256.json").write_bytes(content)
    right = hashlib.sha256(file.read_bytes()).hexdigest()
    assert weights_sha256(file) == right
    assert remembered_sha256(file) == right


def test_a_memory_that_cannot_be_written_is_no_obstacle(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "taken"))
    assert weights_sha256(file) == hashlib.sha256(file.read_bytes()).hexdigest()
