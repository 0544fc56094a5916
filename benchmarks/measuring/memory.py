"""Memory: the most that a piece of work holds, measured in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

STATUS = Path("/proc/self/status")
MIB = 2**20


@dataclass(frozen=True)
class Peak:
    """The most that a process held, in MiB: its main memory, and a GPU's where it used one."""

    ram: float
    gpu: float = 0.0

    @property
    def counted(self) -> float:
        """What is compared: a GPU's memory where there is one, as the scarcer of the two."""
        return self.gpu or self.ram


def peak(work: Callable[[], object]) -> Peak:
    """Do work in a fresh process, and tell the most that the process held, libraries included.

    `work` is a function of a module, or `functools.partial` of one with plain arguments: the new
    process imports it by its name.
    """
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe(duplex=False)
    child = spawn.Process(target=_watched, args=(work, there))
    child.start()
    there.close()
    try:
        return here.recv()
    except EOFError:
        child.join()
        raise RuntimeError(f"the measured process ended with {child.exitcode}") from None
    finally:
        child.join()


def _watched(work: Callable[[], object], out: Connection) -> None:
    work()
    out.send(Peak(_ram(), _gpu()))
    out.close()


def _ram() -> float:
    # ru_maxrss would do everywhere, but Linux hands it on from a process to what it starts.
    if STATUS.is_file():
        line = next(each for each in STATUS.read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / MIB if sys.platform == "darwin" else most / 1024


def _gpu() -> float:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return 0.0
    return torch.cuda.max_memory_reserved() / MIB
