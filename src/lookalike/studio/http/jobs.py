"""Jobs over HTTP: as they stand, their events as they happen, to be cancelled or tried again."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from lookalike.core.record import Record
from lookalike.studio.http.waiting import waiting
from lookalike.studio.records import ENDED, Job, State
from lookalike.studio.studio import Studio


class JobList(Record):
    """Some jobs, the newest first."""

    jobs: tuple[Job, ...] = Field(description="The jobs.")
    counts: dict[str, int] = Field(description="How many there are in each state.")


def jobs(studio: Studio) -> APIRouter:
    """The addresses below /v1/jobs."""
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

    @router.get("", summary="The newest jobs.")
    def newest(
        state: Annotated[State | None, Query(description="Only those in this state.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> JobList:
        found = tuple(studio.queue.newest(state=state, limit=limit))
        return JobList(jobs=found, counts=studio.queue.counts())

    @router.get("/{name}", summary="A job, with its progress or with what it made.")
    def one(name: str) -> Job:
        return studio.job(name)

    @router.post(
        "/{name}/cancel",
        summary="Cancel a job: at once, or at its next step; a restyle then keeps its best.",
    )
    def cancel(name: str) -> Job:
        return studio.cancel(name)

    @router.post("/{name}/retry", status_code=202, summary="Do a job again that has ended.")
    def retry(name: str, request: Request) -> Job:
        return studio.retry(name, client=request.state.client)

    def known(name: str) -> None:
        studio.queue.get(name)  # told before the stream begins

    @router.get(
        "/{name}/events",
        response_class=EventSourceResponse,
        dependencies=[Depends(known)],
        summary="What happens to a job, as server-sent events.",
        description="`progress` (a Progress), `preview` (a picture as a data address), and at last "
        "`done`, `failed` or `cancelled` (the Job).",
    )
    async def events(name: str) -> AsyncIterator[ServerSentEvent]:
        studio.board.watch(name, 1)
        try:
            async for event in _events(studio, name):
                yield event
        finally:
            studio.board.watch(name, -1)

    return router


async def _events(studio: Studio, name: str) -> AsyncIterator[ServerSentEvent]:
    version, shown = -1, None
    with waiting(studio.board, name) as one:
        job = await run_in_threadpool(studio.job, name)
        while job.state not in ENDED:
            seen = studio.board.see(name)
            if seen.version != version and seen.progress is not None:
                version = seen.version
                yield ServerSentEvent(event="progress", data=seen.progress.model_dump())
                if seen.preview is not None and seen.preview is not shown:
                    shown = seen.preview
                    yield ServerSentEvent(event="preview", data={"picture": _inline(shown)})
            if one.is_over:
                job = await run_in_threadpool(studio.job, name)
            else:
                await one.change()
    yield ServerSentEvent(event=job.state, data=job.model_dump(mode="json"))


def _inline(picture: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(picture).decode()}"
