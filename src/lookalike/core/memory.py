"""How much memory there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

GIB = 2**30
GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
"""Where Linux tells what containers may take (control groups, version 2)."""


def free_bytes(device: torch.device) -> int | None:
    """How much memory a device has free; None where nobody tells."""
    if device.type == "cuda":
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    return free_here() if device.type == "cpu" else None


def free_here() -> int:
    """How much memory this process may still take: the machine's, or what a container leaves.

    Swap is counted, as it holds what is more, if slowly.
    """
    import psutil

    left = [psutil.virtual_memory().available, *_left_in_groups()]
    return min(left) + psutil.swap_memory().free


def _left_in_groups() -> list[int]:
    """What the limits of this process's group, and of those around it, leave."""
    try:
        [own] = (line[3:] for line in GROUP.read_text().splitlines() if line.startswith("0::"))
    except (OSError, ValueError):
        return []
    folder = GROUPS / own.lstrip("/")
    found = (_left(each) for each in (folder, *folder.parents) if each.is_relative_to(GROUPS))
    return [left for left in found if left is not None]


def _left(group: Path) -> int | None:
    """What a group's limit leaves, pages of files that would be given up included."""
    try:
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        spare = _files(group / "memory.stat")
    except (OSError, ValueError):  # there is no limit
        return None
    return max(0, limit - used + spare)


def _files(stat: Path) -> int:
    lines = (line.split() for line in stat.read_text().splitlines())
    return next((int(words[1]) for words in lines if words[0] == "inactive_file"), 0)
