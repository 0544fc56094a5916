"""Free memory is what the system says, and what a container leaves of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from lookalike.core import memory

CPU = torch.device("cpu")


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the system's files, on a machine with 70 kB and 20 kB of swap."""
    monkeypatch.setattr(memory, "GROUP", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=70_000))
    monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(free=20_000))
    return tmp_path


@pytest.mark.usefixtures("told")
def test_free_memory_is_the_machines_and_its_swap() -> None:
    assert memory.free_bytes(CPU) == 90_000
    assert memory.free_bytes(torch.device("meta")) is None


def limited(group: Path, most: str, used: int, files: int) -> None:
    group.mkdir(parents=True, exist_ok=True)
    (group / "memory.max").write_text(f"{most}\n")
    (group / "memory.current").write_text(f"{used}\n")
    (group / "memory.stat").write_text(f"anon {used - files}\ninactive_file {files}\n")


def test_a_container_has_what_its_limit_leaves(told: Path) -> None:
    (told / "cgroup").write_text("1:name=systemd:/\n0::/outer/inner\n")
    inner = told / "groups" / "outer" / "inner"
    limited(inner, "max", 5_000, 0)
    assert memory.free_here() == 90_000
    limited(inner, "9000", 5_000, 2_000)
    assert memory.free_here() == 26_000
    limited(inner.parent, "5500", 5_000, 0)
    assert memory.free_here() == 20_500
    limited(inner, "900000", 5_000, 0)
    limited(inner.parent, "max", 5_000, 0)
    assert memory.free_here() == 90_000
