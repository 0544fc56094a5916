"""Jobs that are made at once: one run of all their pictures, for each of them its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lookalike.core.plan import Result
from lookalike.engine.run import Progress
from lookalike.models.backbone import Backbone
from lookalike.session import Session, together
from lookalike.session.work import Prepared, prepared
from lookalike.studio.accepting import revived
from lookalike.studio.records import Job
from lookalike.studio.requests import Request
from lookalike.studio.sessions import at_work
from lookalike.studio.shelf import Shelf
from lookalike.studio.verbs import VERBS

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Member:
    """One of the jobs; `last` is the newest step, as far as it is about this job."""

    job: Job
    request: Request
    one: Prepared
    notes: list[str] = field(default_factory=list)
    last: Progress | None = None

    def result(self, backbone: Backbone) -> Result:
        """What it made, behind the last step."""
        if self.last is None:
            raise RuntimeError(f"the job {self.job.id} was asked for its end before its steps")
        return self.one.result(backbone, self.last)


def members(
    backbone: Backbone, jobs: Sequence[Job], session: Session, shelf: Shelf
) -> list[Member]:
    """Those of some jobs that can be made at once with the first of them."""
    ready = [one for job in jobs if (one := _ready(backbone, job, session, shelf))]
    if not ready or ready[0].job is not jobs[0]:
        return []
    placed = {id(one.job): one for one in together.alike([each.one for each in ready])}
    same = [each for each in ready if id(each.one.job) in placed]
    for each in same:
        each.one = placed[id(each.one.job)]
    return same


def steps_of(backbone: Backbone, every: Sequence[Member]) -> Iterator[None]:
    """The steps of all; behind each of them every job has its `last`."""
    for steps in together.steps_of(backbone, [each.one for each in every]):
        for each, progress in zip(every, steps, strict=True):
            each.last = progress
        yield


def _ready(backbone: Backbone, job: Job, session: Session, shelf: Shelf) -> Member | None:
    """A job with its plan; None for one that is made alone, or is not in order."""
    verb, notes = VERBS[job.verb], list[str]()
    try:
        with at_work(shelf, notes):
            request = revived(verb, job.request)
            asked = verb.start(session, request).job
            if asked is None:
                return None
            return Member(job, request, prepared(backbone, asked), notes)
    except Exception:  # it is done alone, and says there what is wrong
        _log.debug("the job %s cannot be made among others", job.id, exc_info=True)
        return None
