"""Free memory is what the system says, and what a container leaves of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lookalike.core import memory

CPU = torch.device("cpu")


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the system's files."""
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "GROUP", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "groups")
    return tmp_path


def test_free_memory_is_what_the_system_says(told: Path) -> None:
    assert memory.free_bytes(CPU) is None
    said = told / "meminfo"
    said.write_text("MemTotal:  100 kB\nMemAvailable:   70 kB\n")
    assert memory.free_bytes(CPU) == 70 * 1024
    said.write_text("MemTotal:  100 kB\nMemAvailable:   70 kB\nSwapFree:  20 kB\n")
    assert memory.free_bytes(CPU) == 90 * 1024
    said.write_text("MemTotal:  100 kB\nMemFree:   70 kB\n")
    assert memory.free_bytes(CPU) is None


def limited(group: Path, most: str, used: int, files: int) -> None:
    group.mkdir(parents=True, exist_ok=True)
    (group / "memory.max").write_text(f"{most}\n")
    (group / "memory.current").write_text(f"{used}\n")
    (group / "memory.stat").write_text(f"anon {used - files}\ninactive_file {files}\n")


def test_a_container_has_what_its_limit_leaves(told: Path) -> None:
    (told / "meminfo").write_text("MemAvailable:   70 kB\n")
    (told / "cgroup").write_text("0::/outer/inner\n")
    inner = told / "groups" / "outer" / "inner"
    limited(inner, "max", 5_000, 0)
    assert memory.free_bytes(CPU) == 70 * 1024
    limited(inner, "9000", 5_000, 2_000)
    assert memory.free_bytes(CPU) == 6_000
    limited(inner.parent, "5500", 5_000, 0)
    assert memory.free_bytes(CPU) == 500
    (told / "meminfo").write_text("MemAvailable:   0 kB\n")
    assert memory.free_bytes(CPU) == 0
