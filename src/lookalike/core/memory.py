"""How much memory there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

GIB = 2**30
MEMINFO = Path("/proc/meminfo")


def free_bytes(device: torch.device) -> int | None:
    """How much memory a device has free, a machine's swap included; None where nobody tells."""
    if device.type == "cuda":
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu" or not MEMINFO.is_file():
        return None
    lines = (line.split() for line in MEMINFO.read_text().splitlines())
    told = {words[0]: int(words[1]) * 1024 for words in lines if len(words) > 1}
    if "MemAvailable:" not in told:
        return None
    return told["MemAvailable:"] + told.get("SwapFree:", 0)
