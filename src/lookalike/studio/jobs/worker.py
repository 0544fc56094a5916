"""Workers: one thread a model, which does its jobs in order and never dies of one.

Jobs that are alike are made at once, as far as that is worth while: it takes less of a machine
than one after the other. Each picture's recipe says its place among them, by which it is made
again bit for bit.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from lookalike.core.errors import LookalikeError
from lookalike.engine.together import room
from lookalike.models.backbone import Backbone
from lookalike.session import Run, Session
from lookalike.studio.accepting import check_size, revived, settings_of
from lookalike.studio.audit import Audit
from lookalike.studio.database import Database
from lookalike.studio.faults import fault_of
from lookalike.studio.history.keeping import Made, keep
from lookalike.studio.history.looking import seen
from lookalike.studio.jobs.board import Board
from lookalike.studio.jobs.glimpse import glimpse
from lookalike.studio.jobs.joint import Member, members, steps_of
from lookalike.studio.jobs.mates import Fitting, sort_of
from lookalike.studio.jobs.queue import Queue
from lookalike.studio.records import Job, Progress, State
from lookalike.studio.safety import Checker, Finder, allowed, checker_of
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
        most: int = 8,
    ) -> None:
        """Begin nothing yet; `after` is called when a job has ended.

        At most `most` pictures of several jobs are made at once.
        """
        self._database, self._queue, self._shelf = database, queue, shelf
        self._sessions, self._board, self._audit, self._after = sessions, board, audit, after
        self._checker, self._most = checker, most
        self._lock, self._ending = threading.Lock(), threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self._bells: dict[str, threading.Event] = {}
        self._loaded, self._alone = set[str](), set[str]()
        self._disk = ThreadPoolExecutor(4, "keep")

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
                for job in self._do_together(jobs) if len(jobs) > 1 else jobs:
                    self._do(job)
            except Exception:  # a full disk, say: jobs after this one may fare better
                _log.exception("the worker of %s stumbled", model)
                jobs = []
                self._ending.wait(1.0)
            if not jobs:
                bell.wait(1.0)

    def _taken(self, model: str) -> list[Job]:
        """The next job of a model, with those that may be made at once with it."""
        self._load(model)
        job = self._queue.take(model)
        if job is None:
            return []
        try:
            return [job, *self._mates(job)]
        except Exception:  # the job that was taken is to be done nonetheless
            _log.exception("no company was found for the job %s", job.id)
            return [job]

    def _mates(self, job: Job) -> list[Job]:
        """Jobs that may be made at once with one, and run from now on as it does."""
        first = sort_of(job)
        most = 1 if job.model in self._alone else self._most
        if first is None or most == 1:
            return []
        with self._sessions.of(job.model).models.use(job.model) as backbone:
            left = min(most, room(backbone, first.settings)) - first.settings.count
        return self._queue.join(job, Fitting(first, left)) if left > 0 else []

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

    def _do_together(self, jobs: list[Job]) -> list[Job]:
        """Make at once those of some jobs that can be; what is left is to be done alone."""
        model, session = jobs[0].model, self._sessions.of(jobs[0].model)
        with session.models.use(model) as backbone:
            every = members(backbone, jobs, session, self._shelf)
            if len(every) < 2:
                return jobs
            going = list(every)
            try:
                self._watch_together(going, backbone, session)
            except _StoppedError:
                return [*(each.job for each in going), *_without(jobs, every)]
            except Exception:  # memory, say: what is too much at once may do alone
                _log.exception("jobs of %s are made alone from now on", model)
                self._alone.add(model)
                return [*(each.job for each in going), *_without(jobs, every)]
            for each in going:
                self._do(each.job, partial(self._made_among, each))
        return _without(jobs, every)

    def _watch_together(self, going: list[Member], backbone: Backbone, session: Session) -> None:
        """Go through one run of several jobs; one that is cancelled leaves, the others go on."""
        shown, unseen = NEVER, self._checker(backbone) is not None
        for _ in steps_of(backbone, list(going)):
            if self._ending.is_set():
                raise _StoppedError("queued")
            for each in [each for each in going if self._board.is_stopped(each.job.id)]:
                going.remove(each)
                self._do(each.job)  # which ends it before it begins
            if not going:
                return
            watched = [each for each in going if self._board.is_watched(each.job.id)]
            # The more who watch, the rarer: their previews come out of the time of all.
            due = time.monotonic() - shown >= PREVIEW_EVERY * len(watched)
            if shows := due and not unseen and bool(watched):
                shown = time.monotonic()
            for each in going:
                self._tell(each.job, each.last, session, shows and each in watched)

    def _do(self, job: Job, made: Making | None = None) -> None:
        try:
            self._settle(job, made or self._made)
        finally:
            # Whoever waits hears of it before the books are kept.
            self._board.clear(job.id)
        self._audit.write(self._queue.get(job.id))
        self._after()

    def _settle(self, job: Job, making: Making) -> None:
        """Do a job and put down how it ended."""
        notes: list[str] = []
        try:
            made = making(job, notes)
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
            check_size(session.models.at_hand(job.model), settings_of(request))
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
            return self._looked_over(job, verb.made(outcome, request), checker, notes)

    def _made_among(self, each: Member, job: Job, notes: list[str]) -> list[Made]:
        """What a job made in one run with others."""
        notes += each.notes
        self._check(job)
        with (
            at_work(self._shelf, notes),
            self._sessions.of(job.model).models.use(job.model) as backbone,
        ):
            made = VERBS[job.verb].made(each.result(backbone), each.request)
            return self._looked_over(job, made, self._checker(backbone), notes)

    def _looked_over(
        self, job: Job, made: list[Made], checker: Checker | None, notes: list[str]
    ) -> list[Made]:
        """What may be kept of what was made, with its place among the pictures."""
        with self._sessions.of(job.model).models.use(job.model) as backbone:
            made = allowed(made, checker, notes)
            # The disk works while CLIP looks.
            kept = [self._disk.submit(self._shelf.put, *each) for each in _files(made)]
            found = seen(backbone, made, self._shelf)
        for each in kept:
            each.result()
        return found

    def _watch(self, job: Job, run: Run[Any], session: Session, *, unseen: bool) -> None:
        """Go through a run: tell how far it is, and stop it where somebody asks for that.

        What is to be checked first has no previews.
        """
        shown = NEVER
        self._check(job)
        for progress in run:
            self._check(job)
            due = not unseen and time.monotonic() - shown >= PREVIEW_EVERY
            if shows := due and self._board.is_watched(job.id):
                shown = time.monotonic()
            self._tell(job, progress, session, shows)

    def _tell(self, job: Job, progress: Any, session: Session, shows: bool) -> None:
        """Post how far a job is, with a preview where one is due."""
        preview = None
        if shows:
            preview = glimpse(VERBS[job.verb], session, job.model, progress.preview)
        self._board.post(job.id, Progress(step=progress.step, of=progress.of), preview)

    def _check(self, job: Job) -> None:
        if self._ending.is_set():
            raise _StoppedError("queued")
        if self._board.is_stopped(job.id):
            raise _StoppedError("cancelled")


def _files(made: Sequence[Made]) -> list[tuple[bytes, str]]:
    return [(one.data, one.ending) for one in made if one.data is not None]


def _without(jobs: Sequence[Job], every: Sequence[Member]) -> list[Job]:
    taken = {each.job.id for each in every}
    return [job for job in jobs if job.id not in taken]
