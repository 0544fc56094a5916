"""The studio's data folder: where it is, what lies where, and that one studio alone uses it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lookalike.core.errors import OutputError
from lookalike.core.files import reason
from lookalike.core.places import FILES


@dataclass(frozen=True)
class DataFolder:
    """Names of all that the studio keeps."""

    root: Path

    @property
    def database(self) -> Path:
        """Jobs and history."""
        return self.root / "studio.db"

    @property
    def files(self) -> Path:
        """Pictures and other results, each called by the SHA-256 of what is in it."""
        return self.root / FILES

    @property
    def audit(self) -> Path:
        """A line for each job, without anything personal."""
        return self.root / "audit.jsonl"

    @property
    def token(self) -> Path:
        """The SHA-256 of the token, where one was made."""
        return self.root / "token"

    @property
    def lock(self) -> Path:
        """Held by the studio that uses the folder, with its address in it."""
        return self.root / "lock"

    def prepare(self) -> None:
        """Make the folder, for this user alone; `OutputError` where it cannot be written."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.files.mkdir(exist_ok=True, mode=0o700)
            probe = self.root / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except FileExistsError as fault:
            raise OutputError(f"cannot keep data in {self.root}: a file is in the way") from fault
        except OSError as fault:
            raise OutputError(f"cannot keep data in {self.root}: {reason(fault)}") from fault


class Lock:
    """A data folder held by one studio; it is let go of when the process ends, however it does."""

    def __init__(self, data: DataFolder, address: str) -> None:
        """Take it; `OutputError` says where the studio runs that has it."""
        self._file: IO[str] = data.lock.open("a+")
        if not _taken(self._file):
            self._file.seek(0)
            where = self._file.read().strip() or "another process"
            self._file.close()
            raise OutputError(
                f"a studio already uses {data.root}: it runs at {where}; stop it first, or name "
                "another folder with --data"
            )
        self.tell(address)

    def tell(self, address: str) -> None:
        """Say where the studio is reached."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(f"{address}\n")
        self._file.flush()

    def release(self) -> None:
        """Let go."""
        self._file.close()


def _taken(file: IO[str]) -> bool:
    """Whether the lock on an open file is ours; the system takes it back when the process dies."""
    if os.name == "nt":
        import msvcrt

        with suppress(OSError):
            # Far behind the text, which others are to read.
            file.seek(1 << 20)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            return True
        return False
    import fcntl

    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
