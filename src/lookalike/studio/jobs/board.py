"""What is known of running jobs while they run: progress, a preview, and who asked them to stop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lookalike.studio.records import Progress

REMEMBERED = 1000
"""Of so many jobs it is known that they ended, for who begins to wait at that moment."""


@dataclass(frozen=True)
class Seen:
    """One job at one moment; `version` counts its changes."""

    version: int = 0
    progress: Progress | None = None
    preview: bytes | None = None


@dataclass(frozen=True, eq=False)
class Bell:
    """Of one who waits for a job: `over` says whether it has ended."""

    ring: Callable[[], object]
    at_steps: bool = True
    over: threading.Event = field(default_factory=threading.Event)


class Board:
    """Shared by the threads that work and those that answer; nothing on it outlives the studio."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = threading.Lock()
        self._seen: dict[str, Seen] = {}
        self._stopped: set[str] = set()
        self._watched: dict[str, int] = {}
        self._awaited: dict[str, list[Bell]] = {}
        self._over = deque[str](maxlen=REMEMBERED)

    def post(self, job: str, progress: Progress, preview: bytes | None) -> None:
        """Say how far a job is; without a new preview the last one stays."""
        with self._lock:
            last = self._seen.get(job, Seen())
            self._seen[job] = Seen(last.version + 1, progress, preview or last.preview)
            bells = [bell for bell in self._awaited.get(job, []) if bell.at_steps]
        for bell in bells:
            bell.ring()

    def see(self, job: str) -> Seen:
        """How far a job is."""
        with self._lock:
            return self._seen.get(job, Seen())

    @contextmanager
    def awaiting(
        self, job: str, ring: Callable[[], object] = lambda: None, *, at_steps: bool = True
    ) -> Iterator[Bell]:
        """A bell whose `over` is set when a job ends, while the block lasts.

        Of a job that ended a moment ago it is set at once; who has looked at the job before that
        looks no more. `ring` is called at the end, and at each change before where `at_steps`, by
        the thread that works: it must be short.
        """
        bell = Bell(ring, at_steps)
        with self._lock:
            self._awaited.setdefault(job, []).append(bell)
            if job in self._over:
                bell.over.set()
        try:
            yield bell
        finally:
            with self._lock:
                left = [one for one in self._awaited.pop(job, []) if one is not bell]
                if left:
                    self._awaited[job] = left

    def clear(self, job: str) -> None:
        """Forget a job that has ended, and tell who waits for that."""
        with self._lock:
            bells = list(self._awaited.get(job, []))
            self._over.append(job)
            self._seen.pop(job, None)
            self._stopped.discard(job)
        for bell in bells:
            bell.over.set()
            bell.ring()

    def stop(self, job: str) -> None:
        """Ask whoever runs a job to stop it."""
        with self._lock:
            self._stopped.add(job)

    def is_stopped(self, job: str) -> bool:
        """Whether a job is to be stopped."""
        with self._lock:
            return job in self._stopped

    def watch(self, job: str, by: int) -> None:
        """Count one who watches a job, or with -1 one who does so no more."""
        with self._lock:
            self._watched[job] = self._watched.get(job, 0) + by
            if self._watched[job] <= 0:
                del self._watched[job]

    def is_watched(self, job: str) -> bool:
        """Whether anybody would see a preview."""
        with self._lock:
            return job in self._watched
