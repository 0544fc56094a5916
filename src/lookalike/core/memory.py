"""How much memory there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

GIB = 2**30
MEMINFO = Path("/proc/meminfo")
GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
"""Where Linux tells what containers may take (control groups, version 2)."""


def free_bytes(device: torch.device) -> int | None:
    """How much memory a device has free, a machine's swap included; None where nobody tells.

    On a processor it is what the machine has, or less where a container's limit leaves less.
    """
    if device.type == "cuda":
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu" or not MEMINFO.is_file():
        return None
    told = _numbers(MEMINFO, 1024)
    if "MemAvailable:" not in told:
        return None
    swap = told.get("SwapFree:", 0)
    return min([told["MemAvailable:"] + swap, *(left + swap for left in _left_in_groups())])


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
        spare = _numbers(group / "memory.stat").get("inactive_file", 0)
    except (OSError, ValueError):  # there is no limit
        return None
    return max(0, limit - used + spare)


def _numbers(file: Path, unit: int = 1) -> dict[str, int]:
    lines = (line.split() for line in file.read_text().splitlines())
    return {words[0]: int(words[1]) * unit for words in lines if len(words) > 1}
