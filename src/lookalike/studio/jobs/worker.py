"""Workers: one thread a model, which does its jobs in order and never dies of one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from lookalike.studio.audit import Audit
from lookalike.studio.database import Database
from lookalike.studio.jobs.board import Board
from lookalike.studio.jobs.doing import Doer
from lookalike.studio.jobs.queue import Queue
from lookalike.studio.jobs.several import Several
from lookalike.studio.records import Job
from lookalike.studio.safety import Finder, checker_of
from lookalike.studio.sessions import Sessions
from lookalike.studio.shelf import Shelf

QUIET = 0.2
"""Seconds without a job after which a worker does what can wait."""

_log = logging.getLogger(__name__)


class Workers:
    """The threads that do what the queue holds."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        shelf: Shelf,
        sessions: Sessions,
        board: Board,
        audit: Audit,
        after: Callable[[], object] = lambda: None,
        idle: Callable[[str], bool] = lambda _: False,
        checker: Finder = checker_of,
        most: int = 8,
    ) -> None:
        """Begin nothing yet; `after` is called when a job has ended.

        `idle` is called with a model whose worker has nothing to do, for a little of what can wait,
        and says whether there is more. At most `most` pictures of several jobs are made at once.
        """
        self._queue, self._sessions, self._idle = queue, sessions, idle
        self._doer = Doer(database, queue, shelf, sessions, board, audit, after, checker)
        self._several = Several(self._doer, most)
        self._lock, self._ending = threading.Lock(), self._doer.ending
        self._threads: dict[str, threading.Thread] = {}
        self._bells: dict[str, threading.Event] = {}
        self._loaded = set[str]()

    def wake(self, model: str) -> None:
        """See to it that a model's jobs are being done."""
        with self._lock:
            if self._ending.is_set():
                return
            bell = self._bells.setdefault(model, threading.Event())
            if model not in self._threads:
                made = threading.Thread(target=self._work, args=(model, bell), name=f"do {model}")
                made.daemon = True
                self._threads[model] = made
                made.start()
        bell.set()

    def wake_all(self) -> None:
        """See to it that all that is queued is being done."""
        for model in self._queue.models():
            self.wake(model)

    def end(self, seconds: float = 10.0) -> None:
        """Stop at the next step; what was running is queued again, for the next start."""
        with self._lock:
            self._ending.set()
            threads = list(self._threads.values())
            for bell in self._bells.values():
                bell.set()
        limit = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, limit - time.monotonic()))
        # Whoever did not come to a next step in time (a model is being loaded) lost no attempt.
        for job in self._queue.newest(state="running"):
            self._queue.give_back(job.id)

    def _work(self, model: str, bell: threading.Event) -> None:
        while not self._ending.is_set():
            bell.clear()
            try:
                jobs = self._taken(model)
                for job in self._several.do(jobs) if len(jobs) > 1 else jobs:
                    self._doer.do(job)
                if not jobs:
                    self._rest(model, bell)
            except Exception:  # a full disk, say: jobs after this one may fare better
                _log.exception("the worker of %s stumbled", model)
                self._ending.wait(1.0)

    def _rest(self, model: str, bell: threading.Event) -> None:
        """Wait for a job, and do what can wait where none comes for a while."""
        while not bell.wait(QUIET):
            try:
                more = self._idle(model)
            except Exception:  # what can wait keeps no job waiting
                _log.exception("the worker of %s was disturbed at rest", model)
                more = False
            if not more:
                bell.wait()

    def _taken(self, model: str) -> list[Job]:
        """The next job of a model, with those that may be made at once with it."""
        self._load(model)
        job = self._queue.take(model)
        if job is None:
            return []
        try:
            return [job, *self._several.mates(job)]
        except Exception:  # the job that was taken is to be done nonetheless
            _log.exception("no company was found for the job %s", job.id)
            return [job]

    def _load(self, model: str) -> None:
        """Load a model before its first job is begun, which then has lost no attempt by it."""
        if model in self._loaded or model not in self._queue.models():
            return
        self._loaded.add(model)
        try:
            with self._sessions.of(model).models.use(model):
                pass
        except Exception:  # its jobs say why, each for itself
            _log.debug("the model %s cannot be loaded", model, exc_info=True)
