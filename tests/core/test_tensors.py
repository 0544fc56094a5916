"""Tensors come back as they were written, at once, and are not copied on the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from lookalike.core.errors import OutputError
from lookalike.core.tensors import write_tensors

MEMORY = """
import resource, sys
import torch
from lookalike.core.tensors import write_tensors

peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
large = torch.ones(64, 2**20)  # 256 MB
write_tensors(sys.argv[1], {"small": large[:1, :9].clone()})
before = peak()
write_tensors(sys.argv[1], {"large": large})
print((peak() - before) / 1024)
"""


def test_they_come_back_with_notes_and_whatever_memory_they_share(tmp_path: Path) -> None:
    whole = torch.randn(4, 6, generator=torch.Generator().manual_seed(1))
    held = {
        "whole": whole,
        "turned": whole.T,
        "twice": whole,
        "row": whole[2],
        "last": whole[3:, 1:],
        "half": whole.half(),
        "one": torch.tensor(7),
        "learnt": torch.nn.Parameter(whole.clone()),
        "none": torch.zeros(0, 3),
        "nothing": torch.zeros(3, 0),
    }
    path = tmp_path / "deep" / "some.safetensors"
    write_tensors(path, held, {"made by": "a test"})
    found = load_file(path)
    assert found.keys() == held.keys()
    for name, tensor in held.items():
        assert torch.equal(found[name], tensor)
        assert found[name].dtype == tensor.dtype
    with safe_open(str(path), framework="pt") as file:
        assert file.metadata() == {"made by": "a test"}
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "some.safetensors"
    write_tensors(path, {"one": torch.ones(2)})
    with pytest.raises(OutputError, match=r"some\.safetensors"):
        write_tensors(path / "below", {"one": torch.ones(2)})

    def full(_: object, file: Path, __: object) -> None:
        file.write_bytes(b"half")
        raise SafetensorError("No space left on device")

    monkeypatch.setattr(safetensors.torch, "save_file", full)
    with pytest.raises(OutputError, match=r"some\.safetensors: No space left"):
        write_tensors(path, {"one": torch.zeros(2)})
    assert load_file(path)["one"].tolist() == [1, 1]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_writing_takes_no_second_copy(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "large.safetensors")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert float(told) < 64
