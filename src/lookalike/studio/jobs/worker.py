"""Workers: one thread a model, which does its jobs one after the other and never dies of one.

Jobs are not made in batches together: the last bits of a picture depend on how many are made at
once, and a picture is to be the same whoever else asked for one.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from PIL import Image

from lookalike.core.errors import LookalikeError
from lookalike.core.grids import grid
from lookalike.session import Run, Session
from lookalike.studio.accepting import revived
from lookalike.studio.audit import Audit
from lookalike.studio.database import Database
from lookalike.studio.faults import fault_of
from lookalike.studio.history.keeping import Made, keep
from lookalike.studio.history.looking import seen
from lookalike.studio.jobs.board import Board
from lookalike.studio.jobs.queue import Queue
from lookalike.studio.records import Job, Progress, State
from lookalike.studio.safety import Finder, allowed, checker_of
from lookalike.studio.sessions import Sessions, at_work
from lookalike.studio.shelf import Shelf
from lookalike.studio.verbs import VERBS, Verb

PREVIEW_EVERY = 0.3
"""Seconds between previews, which cost a decoding each."""

_log = logging.getLogger(__name__)


class _StoppedError(Exception):
    """The job is to end before it is done; `state` says how."""

    def __init__(self, state: State) -> None:
        self.state: State = state


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
        checker: Finder = checker_of,
    ) -> None:
        """Begin nothing yet; `after` is called when a job has ended."""
        self._database, self._queue, self._shelf = database, queue, shelf
        self._sessions, self._board, self._audit, self._after = sessions, board, audit, after
        self._checker = checker
        self._lock, self._ending = threading.Lock(), threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self._bells: dict[str, threading.Event] = {}

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
                job = self._queue.take(model)
                if job is not None:
                    self._do(job)
            except Exception:  # a full disk, say: jobs after this one may fare better
                _log.exception("the worker of %s stumbled", model)
                job = None
                self._ending.wait(1.0)
            if job is None:
                bell.wait(1.0)

    def _do(self, job: Job) -> None:
        try:
            self._settle(job)
            self._audit.write(self._queue.get(job.id))
        finally:
            self._board.clear(job.id)
        self._after()

    def _settle(self, job: Job) -> None:
        """Do a job and put down how it ended."""
        notes: list[str] = []
        try:
            made = self._made(job, notes)
            keep(self._database, self._shelf, job.id, made, notes)
        except _StoppedError as stopped:
            if stopped.state == "queued":
                self._queue.give_back(job.id)
            else:
                self._queue.fail(job.id, stopped.state, None, notes)
        except Exception as fault:  # a worker outlives whatever a job dies of
            if not isinstance(fault, LookalikeError):
                _log.exception("the job %s failed", job.id)
            self._queue.fail(job.id, "failed", fault_of(fault), notes)

    def _made(self, job: Job, notes: list[str]) -> list[Made]:
        verb, session = VERBS[job.verb], self._sessions.of(job.model)
        request = revived(verb, job.request)
        with at_work(self._shelf, notes):
            # Found first: what cannot be checked is not made.
            with session.models.use(job.model) as backbone:
                checker = self._checker(backbone)
            run = verb.start(session, request)
            try:
                self._watch(job, run, session, unseen=checker is not None)
                outcome = run.result()
            except _StoppedError as stopped:
                outcome = run.so_far() if stopped.state == "cancelled" else None
                if outcome is None:
                    raise
                notes.append("stopped; this is the best so far")
            finally:
                run.close()
            made = verb.made(outcome, request)
            with session.models.use(job.model) as backbone:
                made = allowed(made, checker, notes)
                return seen(backbone, made, self._shelf)

    def _watch(self, job: Job, run: Run[Any], session: Session, *, unseen: bool) -> None:
        """Go through a run: tell how far it is, and stop it where somebody asks for that.

        What is to be checked first has no previews.
        """
        shown = 0.0
        self._check(job)
        for progress in run:
            self._check(job)
            preview = None
            due = not unseen and time.monotonic() - shown >= PREVIEW_EVERY
            if due and self._board.is_watched(job.id):
                shown = time.monotonic()
                preview = _glimpse(VERBS[job.verb], session, job.model, progress.preview)
            self._board.post(job.id, Progress(step=progress.step, of=progress.of), preview)

    def _check(self, job: Job) -> None:
        if self._ending.is_set():
            raise _StoppedError("queued")
        if self._board.is_stopped(job.id):
            raise _StoppedError("cancelled")


def _glimpse(verb: Verb, session: Session, model: str, seen: Any) -> bytes | None:
    """A small picture of what a step has come to; None where there is nothing to be seen."""
    if verb.paints:
        from lookalike.restyle.pixels import picture

        page = picture(seen)
        page.thumbnail((512, 512))
        return _webp(page)
    return _preview(session, model, seen) if verb.seeded else None


def _preview(session: Session, model: str, latents: Any) -> bytes:
    """What a step makes out, as one small picture."""
    import torch

    # Borrowed by this thread already, in the middle of the run.
    with session.models.use(model) as backbone, torch.no_grad():
        pictures = backbone.decode(latents)
    page = grid(pictures)
    page.thumbnail((512, 512))
    return _webp(page)


def _webp(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", quality=80)
    return buffer.getvalue()
