"""POST /v1/VERB for every verb of the table: a request comes in, a job goes out."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from lookalike.studio import requests as ask
from lookalike.studio.http.waiting import ended
from lookalike.studio.records import ENDED, Job
from lookalike.studio.studio import Studio
from lookalike.studio.verbs import VERBS

Priority = Annotated[int, Query(ge=-9, le=9, description="Those with a higher one come first.")]
Wait = Annotated[
    float, Query(ge=0, le=600, description="Seconds to wait for the job to end; 0 is not at all.")
]


def asking(studio: Studio) -> APIRouter:
    """One address a verb."""
    router = APIRouter(prefix="/v1", tags=["verbs"])
    for name, verb in VERBS.items():
        router.add_api_route(
            f"/{name}",
            _endpoint(studio, name, verb.request),
            methods=["POST"],
            name=name,
            summary=(verb.request.__doc__ or name).strip(),
            description=_TOLD,
            status_code=202,
            response_model=Job,
            responses={200: {"model": Job, "description": "The job ended while it was waited for"}},
        )
    return router


_TOLD = "Answers at once with the job, which is safe from then on; with `wait`, when it has ended."


def _endpoint(studio: Studio, name: str, kind: type[ask.Request]) -> Any:
    async def accept(
        request: Request, response: Response, asked: Any, priority: int, wait: float
    ) -> Job:
        client = request.state.client
        job = await run_in_threadpool(studio.submit, name, asked, client=client, priority=priority)
        response.headers["Location"] = f"/v1/jobs/{job.id}"
        job = await ended(studio, job, wait)
        if job.state in ENDED:
            response.status_code = 200
        return job

    # FastAPI reads what comes in off the signature; the record differs from verb to verb.
    kinds = {"request": Request, "response": Response, "asked": kind}
    given = [inspect.Parameter(n, _PLAIN, annotation=k) for n, k in kinds.items()]
    given.append(inspect.Parameter("priority", _PLAIN, annotation=Priority, default=0))
    given.append(inspect.Parameter("wait", _PLAIN, annotation=Wait, default=0.0))
    vars(accept)["__signature__"] = inspect.Signature(given, return_annotation=Job)
    return accept


_PLAIN = inspect.Parameter.POSITIONAL_OR_KEYWORD
