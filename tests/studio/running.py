"""A studio in a process of its own, as people start it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import lookalike

SOURCES = Path(lookalike.__file__).parent.parent


class Running:
    """The command `lookalike studio`, begun; `address` is where it is reached."""

    def __init__(self, data: Path, *more: str) -> None:
        self.process = subprocess.Popen(
            [*command("--port", "0", "--data", str(data)), *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCES), "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.address = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line.startswith("the studio is at "):
                self.address = line.split()[-1]
                return
        raise AssertionError(self.end())

    def kill(self) -> None:
        """As a power cut does."""
        self.process.kill()
        self.process.communicate(timeout=30)

    def end(self, by: int | None = None) -> tuple[int, str, str]:
        """Send a signal, and give what became of it."""
        if by is not None:
            self.process.send_signal(by)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


def command(*arguments: str) -> Sequence[str]:
    """The command line of a studio."""
    return [sys.executable, "-m", "lookalike.cli.main", "studio", *arguments]
