"""Waiting for a job in the event loop: woken by the thread that works, and never by the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from lookalike.studio.jobs.board import Bell, Board
from lookalike.studio.records import ENDED, Job
from lookalike.studio.studio import Studio


@dataclass(frozen=True, eq=False)
class Waiting:
    """One who waits for a job."""

    bell: Bell
    rung: asyncio.Event

    @property
    def is_over(self) -> bool:
        """Whether the job has ended."""
        return self.bell.over.is_set()

    async def change(self, seconds: float | None = None) -> None:
        """Wait until something has changed since the last time, or for so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.rung.wait(), seconds)
        self.rung.clear()


@contextmanager
def waiting(board: Board, job: str, *, at_steps: bool = True) -> Iterator[Waiting]:
    """Wait for a job while the block lasts; one that ended long ago is never heard of.

    What is only about its end is not woken `at_steps`, which come out of the time of who works.
    """
    loop, rung = asyncio.get_running_loop(), asyncio.Event()

    def ring() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(rung.set)

    with board.awaiting(job, ring, at_steps=at_steps) as bell:
        yield Waiting(bell, rung)


async def ended(studio: Studio, job: Job, seconds: float) -> Job:
    """The job when it has ended, or as it is after so many seconds; it was looked at just now."""
    if seconds <= 0 or job.state in ENDED:
        return job
    limit = time.monotonic() + seconds
    with waiting(studio.board, job.id, at_steps=False) as one:
        while not one.is_over and (left := limit - time.monotonic()) > 0:
            await one.change(left)
    return await run_in_threadpool(studio.job, job.id)
