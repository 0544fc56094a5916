"""The queue: jobs on the disk, from their acceptance to their end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select, update

from lookalike.studio.database import Database, jobs, now, rows
from lookalike.studio.faults import BusyError, LateError, UnknownError
from lookalike.studio.records import ENDED, Fault, Job, State

MOST_ATTEMPTS = 5
"""A job that was running whenever the studio died is not tried for ever: so often is no chance."""

NEAREST = 32
"""Of so many jobs that come next, those may be made at once with the first."""


@dataclass(frozen=True)
class Asked:
    """A request that was found to be in order."""

    verb: str
    request: Mapping[str, Any]
    model: str
    notes: Sequence[str] = ()


class Queue:
    """Jobs by priority, then in the order they came; each client and all have a limit.

    A job that the studio died under twice lets others go first, so that neither they wait for what
    kills it, nor it is given up because something else does.
    """

    def __init__(self, database: Database, *, each: int = 100, most: int = 2000) -> None:
        """Take a database; `each` client may have so many unfinished jobs, and all of them `most`.

        Jobs that ran when the studio last ended are queued again.
        """
        self._database, self._each, self._most = database, each, most
        with database.writing() as connection:
            _revive(connection)

    def add(
        self,
        asked: Asked,
        *,
        client: str = "local",
        priority: int = 0,
        retry_of: str | None = None,
        told: Callable[[], object] = lambda: None,
    ) -> str:
        """Accept a job, and give its name; when this returns, it is on the disk.

        `told` is called as soon as it can be begun, while the disk is still waited for.

        Raises:
            BusyError: the client, or all of them together, have too many.
        """
        name = uuid.uuid4().hex
        with self._database.noting() as connection:
            self._check_room(connection, client)
            connection.execute(
                jobs.insert().values(
                    id=name,
                    verb=asked.verb,
                    request=dict(asked.request),
                    model=asked.model,
                    notes=list(asked.notes),
                    client=client,
                    priority=priority,
                    state="queued",
                    created=now(),
                    retry_of=retry_of,
                )
            )
        told()
        self._database.sync()
        return name

    def _check_room(self, connection: Connection, client: str) -> None:
        # By the states that are indexed: those that have ended grow without end.
        mine_too = func.coalesce(func.sum(case((jobs.c.client == client, 1), else_=0)), 0)
        counted = select(func.count(), mine_too).where(jobs.c.state.in_(("queued", "running")))
        every, mine = connection.execute(counted).one()
        if mine >= self._each:
            raise BusyError(f"you have {mine} unfinished jobs, as many as may be; wait for one")
        if every >= self._most:
            raise BusyError(f"there are {every} unfinished jobs, as many as may be; try later")

    def take(self, model: str) -> Job | None:
        """The next job of a model, which is running from now on."""
        with self._database.noting() as connection:
            waiting = select(jobs).where(jobs.c.state == "queued", jobs.c.model == model)
            for found in rows(connection, waiting.order_by(*_ORDER).limit(1)):
                return _begun(connection, found)
        return None

    def join(self, first: Job, wanted: Callable[[Job], bool]) -> list[Job]:
        """Further jobs to do at once with one, which are running from now on.

        They are of its model and its priority, since one that waits behind it must not slow it,
        and `wanted` says of each, in the order of the queue, whether it is one of them.
        """
        with self._database.noting() as connection:
            waiting = select(jobs).where(_beside(first))
            near = rows(connection, waiting.order_by(*_ORDER).limit(NEAREST))
            return [_begun(connection, row) for row in near if wanted(_job(row))]

    def has_more(self, first: Job) -> bool:
        """Whether any job waits that might be done at once with one."""
        waiting = select(jobs.c.id).where(_beside(first)).limit(1)
        with self._database.reading() as connection:
            return connection.execute(waiting).first() is not None

    def models(self) -> list[str]:
        """The models that jobs wait for."""
        with self._database.reading() as connection:
            waiting = select(jobs.c.model).where(jobs.c.state == "queued").distinct()
            return list(connection.execute(waiting).scalars())

    def give_back(self, name: str) -> None:
        """Queue a running job again that was stopped through no fault of its own."""
        with self._database.noting() as connection:
            connection.execute(
                update(jobs)
                .where(jobs.c.id == name, jobs.c.state == "running")
                .values(state="queued", started=None, attempts=jobs.c.attempts - 1)
            )

    def cancel(self, name: str) -> State:
        """Cancel a job that waits, and give the state it was in; who runs it stops it.

        Raises:
            UnknownError: there is no such job. LateError: it has ended.
        """
        with self._database.writing() as connection:
            state = self._state(connection, name)
            if state in ENDED:
                raise LateError(f"the job {name} is {state} already")
            if state == "queued":
                end(connection, name, "cancelled")
        return state

    def fail(self, name: str, state: State, fault: Fault | None, notes: Sequence[str] = ()) -> None:
        """End a job that made nothing."""
        with self._database.writing() as connection:
            end(connection, name, state, fault, notes)

    def retry(self, name: str, *, client: str) -> str:
        """Accept the same job once more; `LateError` where it has not ended yet."""
        job = self.get(name)
        if job.state not in ENDED:
            raise LateError(f"the job {name} is {job.state}; what has ended can be tried again")
        asked = Asked(job.verb, job.request, job.model)
        return self.add(asked, client=client, priority=job.priority, retry_of=name)

    def get(self, name: str) -> Job:
        """A job as it stands; `UnknownError` where there is none of that name."""
        with self._database.reading() as connection:
            for row in rows(connection, select(jobs).where(jobs.c.id == name)):
                return _job(row).model_copy(update={"ahead": _ahead(connection, row)})
        raise UnknownError(f"there is no job {name[:80]}")

    def newest(
        self, *, state: State | None = None, client: str | None = None, limit: int = 50
    ) -> list[Job]:
        """The newest jobs, in a state and of a client if they are named."""
        wanted = select(jobs).order_by(jobs.c.created.desc(), jobs.c.id).limit(limit)
        if state is not None:
            wanted = wanted.where(jobs.c.state == state)
        if client is not None:
            wanted = wanted.where(jobs.c.client == client)
        with self._database.reading() as connection:
            return [_job(row) for row in rows(connection, wanted)]

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        with self._database.reading() as connection:
            counted = select(jobs.c.state, func.count()).group_by(jobs.c.state)
            return {state: count for state, count in connection.execute(counted)}

    def _state(self, connection: Connection, name: str) -> State:
        found = connection.execute(select(jobs.c.state).where(jobs.c.id == name)).scalar()
        if found is None:
            raise UnknownError(f"there is no job {name[:80]}")
        return found


_deaths = case((jobs.c.attempts > 1, jobs.c.attempts), else_=0)
"""How often the studio died of a job, perhaps: once may be chance, and costs it no place."""

_ORDER = (jobs.c.priority.desc(), _deaths, jobs.c.created, jobs.c.id)


def _beside(first: Job) -> ColumnElement[bool]:
    """What waits and is of the model and the priority of a job."""
    same = (jobs.c.model == first.model) & (jobs.c.priority == first.priority)
    return (jobs.c.state == "queued") & same


def _begun(connection: Connection, found: Mapping[str, Any]) -> Job:
    begun = {"state": "running", "started": now(), "attempts": found["attempts"] + 1}
    connection.execute(update(jobs).where(jobs.c.id == found["id"]).values(begun))
    return _job(found).model_copy(update=begun)


def end(
    connection: Connection,
    name: str,
    state: State,
    fault: Fault | None = None,
    notes: Sequence[str] = (),
) -> bool:
    """End a job in a transaction; whether it had not ended before."""
    found = connection.execute(
        select(jobs.c.notes).where(jobs.c.id == name, jobs.c.state.not_in(ENDED))
    ).first()
    if found is None:
        return False
    connection.execute(
        update(jobs)
        .where(jobs.c.id == name)
        .values(
            state=state,
            ended=now(),
            error=None if fault is None else fault.model_dump(),
            notes=list(dict.fromkeys([*found.notes, *notes])),
        )
    )
    return True


def _revive(connection: Connection) -> None:
    """Queue what was running when the studio died; what it seems to die of is given up."""
    running = jobs.c.state == "running"
    lost = Fault(kind="fault", message=f"the studio ended {MOST_ATTEMPTS} times while this ran")
    connection.execute(
        update(jobs)
        .where(running, jobs.c.attempts >= MOST_ATTEMPTS)
        .values(state="failed", ended=now(), error=lost.model_dump())
    )
    connection.execute(update(jobs).where(running).values(state="queued", started=None))


def _ahead(connection: Connection, job: Mapping[str, Any]) -> int:
    if job["state"] != "queued":
        return 0
    deaths = job["attempts"] if job["attempts"] > 1 else 0
    sooner = (_deaths < deaths) | ((_deaths == deaths) & (jobs.c.created < job["created"]))
    alike = jobs.c.priority == job["priority"]
    before = (jobs.c.priority > job["priority"]) | (alike & sooner)
    counted = select(func.count()).select_from(jobs).where(jobs.c.model == job["model"], before)
    return connection.execute(counted.where(jobs.c.state.in_(("queued", "running")))).scalar_one()


def _job(row: Mapping[str, Any]) -> Job:
    kept = {name: value for name, value in row.items() if name in Job.model_fields}
    return Job.model_validate(kept)
