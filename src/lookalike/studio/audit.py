"""The audit: a line a job, of when, what and how it ended; nothing that was said, shown or sent."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from lookalike.studio.records import Job


class Audit:
    """A file that lines are put behind."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self._path, self._lock = path, threading.Lock()

    def write(self, job: Job) -> None:
        """Put down how a job ended."""
        line = {
            "job": job.id,
            "verb": job.verb,
            "model": job.model,
            "state": job.state,
            "attempts": job.attempts,
            "created": job.created,
            "started": job.started,
            "ended": job.ended,
            "error": None if job.error is None else job.error.kind,
        }
        data = (json.dumps(line) + "\n").encode()
        with self._lock, open(self._path, "ab", opener=_for_this_user) as file:
            file.write(data)


def _for_this_user(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
