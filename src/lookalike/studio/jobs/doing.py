"""One job from its beginning to its end: done, kept, and told of, whatever it comes to."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from lookalike.core.errors import LookalikeError
from lookalike.session import Run, Session
from lookalike.studio.accepting import check_size, revived, settings_of
from lookalike.studio.audit import Audit
from lookalike.studio.database import Database
from lookalike.studio.faults import fault_of
from lookalike.studio.history.keeping import Made, keep
from lookalike.studio.jobs.board import Board
from lookalike.studio.jobs.glimpse import glimpse
from lookalike.studio.jobs.queue import Queue
from lookalike.studio.records import Job, Progress, State
from lookalike.studio.safety import Finder, allowed
from lookalike.studio.sessions import Sessions, at_work
from lookalike.studio.shelf import Shelf
from lookalike.studio.verbs import VERBS

PREVIEW_EVERY = 0.3
"""Seconds between previews, which cost a decoding each."""

NEVER = float("-inf")
"""When a preview was shown of which there was none: the first one is due at once."""

Making = Callable[[Job, list[str]], list[Made]]
"""Does a job, notes what is worth knowing of it, and gives what it made."""

_log = logging.getLogger(__name__)


class StoppedError(Exception):
    """The job is to end before it is done; `state` says how."""

    def __init__(self, state: State) -> None:
        """Say how it ends."""
        self.state: State = state


class Doer:
    """Does jobs, each in the thread that asks for it; `ending` is set when all are to stop."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        shelf: Shelf,
        sessions: Sessions,
        board: Board,
        audit: Audit,
        after: Callable[[], object],
        checker: Finder,
    ) -> None:
        """Do nothing yet; `after` is called when a job has ended."""
        self.sessions, self.board, self.shelf, self.queue = sessions, board, shelf, queue
        self.checker, self.ending = checker, threading.Event()
        self._database, self._audit, self._after = database, audit, after
        self._disk = ThreadPoolExecutor(4, "keep")

    def do(self, job: Job, made: Making | None = None) -> None:
        """Do a job to its end, by `made` where it has been made among others."""
        try:
            self._settle(job, made or self._made)
        finally:
            # Whoever waits hears of it before the books are kept.
            self.board.clear(job.id)
        self._audit.write(self.queue.get(job.id))
        self._after()

    def _settle(self, job: Job, making: Making) -> None:
        """Do a job and put down how it ended."""
        notes: list[str] = []
        try:
            made = making(job, notes)
            # Files on the disk first, beside one another, since each waits for it.
            kept = list(self._disk.map(self._shelved, made))
            keep(self._database, self.shelf, job.id, kept, notes)
        except StoppedError as stopped:
            if stopped.state == "queued":
                self.queue.give_back(job.id)
            else:
                self.queue.fail(job.id, stopped.state, None, notes)
        except Exception as fault:  # a worker outlives whatever a job dies of
            if not isinstance(fault, LookalikeError):
                _log.exception("the job %s failed", job.id)
            self.queue.fail(job.id, "failed", fault_of(fault), notes)

    def _shelved(self, one: Made) -> Made:
        if one.data is None:
            return one
        return replace(one, file=self.shelf.keep(one.data, one.ending), data=None)

    def _made(self, job: Job, notes: list[str]) -> list[Made]:
        verb, session = VERBS[job.verb], self.sessions.of(job.model)
        request = revived(verb, job.request)
        # Borrowed for all of it, if the run does so anyway: what its name means is looked up once.
        held = nullcontext() if verb.paints else session.models.use(job.model)
        with at_work(self.shelf, notes), held:
            with session.models.use(job.model) as backbone:
                check_size(backbone, settings_of(request))
                # Found first: what cannot be checked is not made.
                checker = self.checker(backbone)
            run = verb.start(session, request)
            outcome = self._outcome(job, run, session, notes, unseen=checker is not None)
            return allowed(verb.made(outcome, request), checker, notes)

    def _outcome(
        self, job: Job, run: Run[Any], session: Session, notes: list[str], *, unseen: bool
    ) -> Any:
        """What a run comes to, or has come to when it is cancelled, where that is something."""
        try:
            self._watch(job, run, session, unseen=unseen)
            return run.result()
        except StoppedError as stopped:
            outcome = run.so_far() if stopped.state == "cancelled" else None
            if outcome is None:
                raise
            notes.append("stopped; this is the best so far")
            return outcome
        finally:
            run.close()

    def _watch(self, job: Job, run: Run[Any], session: Session, *, unseen: bool) -> None:
        """Go through a run: tell how far it is, and stop it where somebody asks for that.

        What is to be checked first has no previews.
        """
        shown = NEVER
        self.check(job)
        for progress in run:
            self.check(job)
            due = not unseen and time.monotonic() - shown >= PREVIEW_EVERY
            if shows := due and self.board.is_watched(job.id):
                shown = time.monotonic()
            self.tell(job, progress, session, shows)

    def tell(self, job: Job, progress: Any, session: Session, shows: bool) -> None:
        """Post how far a job is, with a preview where one is due."""
        preview = None
        if shows:
            preview = glimpse(VERBS[job.verb], session, job.model, progress.preview)
        self.board.post(job.id, Progress(step=progress.step, of=progress.of), preview)

    def check(self, job: Job) -> None:
        """Raise `StoppedError` where a job is to stop."""
        if self.ending.is_set():
            raise StoppedError("queued")
        if self.board.is_stopped(job.id):
            raise StoppedError("cancelled")
