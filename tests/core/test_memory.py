"""Free memory is what the system says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lookalike.core import memory


def test_free_memory_is_what_the_system_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, cpu = tmp_path / "meminfo", torch.device("cpu")
    monkeypatch.setattr(memory, "MEMINFO", told)
    assert memory.free_bytes(cpu) is None
    told.write_text("MemTotal:  100 kB\nMemAvailable:   70 kB\n")
    assert memory.free_bytes(cpu) == 70 * 1024
    told.write_text("MemTotal:  100 kB\nMemAvailable:   70 kB\nSwapFree:  20 kB\n")
    assert memory.free_bytes(cpu) == 90 * 1024
    told.write_text("MemTotal:  100 kB\nMemFree:   70 kB\n")
    assert memory.free_bytes(cpu) is None
