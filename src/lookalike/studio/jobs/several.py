"""Several jobs at once: who is made with whom, and what becomes of each.

Jobs that are alike are made in one run, as far as that is worth while: it takes less of a machine
than one after the other. Each picture's recipe says its place among them, by which it is made
again bit for bit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial

from lookalike.engine.together import room
from lookalike.models.backbone import Backbone
from lookalike.session import Session
from lookalike.studio.history.keeping import Made
from lookalike.studio.jobs.doing import NEVER, PREVIEW_EVERY, Doer, StoppedError
from lookalike.studio.jobs.joint import Member, members, steps_of
from lookalike.studio.jobs.mates import Fitting, sort_of
from lookalike.studio.records import Job
from lookalike.studio.safety import allowed
from lookalike.studio.sessions import at_work
from lookalike.studio.verbs import VERBS

_log = logging.getLogger(__name__)


class Several:
    """Finds jobs that may be made at once, at most `most` pictures, and makes them so."""

    def __init__(self, doer: Doer, most: int) -> None:
        """Take who does each of them."""
        self._doer, self._most = doer, most
        self._alone = set[str]()

    def mates(self, job: Job) -> list[Job]:
        """Jobs that may be made at once with one, and run from now on as it does."""
        first = sort_of(job)
        most = 1 if job.model in self._alone else self._most
        if first is None or most == 1 or not self._doer.queue.has_more(job):
            return []
        with self._doer.sessions.of(job.model).models.use(job.model) as backbone:
            left = min(most, room(backbone, first.settings)) - first.settings.count
        return self._doer.queue.join(job, Fitting(first, left)) if left > 0 else []

    def do(self, jobs: Sequence[Job]) -> list[Job]:
        """Make at once those of some jobs that can be; what is left is to be done alone."""
        model, session = jobs[0].model, self._doer.sessions.of(jobs[0].model)
        with session.models.use(model) as backbone:
            every = members(backbone, jobs, session, self._doer.shelf)
            if len(every) < 2:
                return list(jobs)
            going = list(every)
            rest = _without(jobs, every)
            try:
                self._watch(going, backbone, session)
            except StoppedError:
                return [*(each.job for each in going), *rest]
            except Exception:  # memory, say: what is too much at once may do alone
                _log.exception("jobs of %s are made alone from now on", model)
                self._alone.add(model)
                return [*(each.job for each in going), *rest]
            for each in going:
                self._doer.do(each.job, partial(self._made, each))
        return rest

    def _watch(self, going: list[Member], backbone: Backbone, session: Session) -> None:
        """Go through one run of several jobs; one that is cancelled leaves, the others go on."""
        board, shown = self._doer.board, NEVER
        unseen = self._doer.checker(backbone) is not None
        for _ in steps_of(backbone, list(going)):
            if self._doer.ending.is_set():
                raise StoppedError("queued")
            for each in [each for each in going if board.is_stopped(each.job.id)]:
                going.remove(each)
                self._doer.do(each.job)  # which ends it before it begins
            if not going:
                return
            watched = [each for each in going if board.is_watched(each.job.id)]
            # The more who watch, the rarer: their previews come out of the time of all.
            due = time.monotonic() - shown >= PREVIEW_EVERY * len(watched)
            if shows := due and not unseen and bool(watched):
                shown = time.monotonic()
            for each in going:
                self._doer.tell(each.job, each.last, session, shows and each in watched)

    def _made(self, each: Member, job: Job, notes: list[str]) -> list[Made]:
        """What a job made in one run with others."""
        notes += each.notes
        self._doer.check(job)
        with (
            at_work(self._doer.shelf, notes),
            self._doer.sessions.of(job.model).models.use(job.model) as backbone,
        ):
            made = VERBS[job.verb].made(each.result(backbone), each.request)
            return allowed(made, self._doer.checker(backbone), notes)


def _without(jobs: Sequence[Job], every: Sequence[Member]) -> list[Job]:
    taken = {each.job.id for each in every}
    return [job for job in jobs if job.id not in taken]
