"""The application: every address of the studio, behind the guard, with its OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import Field

import lookalike
from lookalike.core.record import Record
from lookalike.studio.http.asking import asking
from lookalike.studio.http.guard import Guard, Rules
from lookalike.studio.http.history import history
from lookalike.studio.http.jobs import jobs
from lookalike.studio.http.openai import openai
from lookalike.studio.http.problems import Problem, answer_problems, documented
from lookalike.studio.http.sdapi import sdapi
from lookalike.studio.page.page import SHOWN, page
from lookalike.studio.studio import Studio


class Health(Record):
    """How the studio is."""

    version: str = Field(description="The version of lookalike.")
    model: str = Field(description="The model that is meant where none is named.")
    jobs: dict[str, int] = Field(description="How many jobs there are in each state.")


def build(studio: Studio, rules: Rules | None = None) -> FastAPI:
    """An application over a studio that is open; whoever opened the studio closes it."""
    app = FastAPI(
        title="lookalike studio",
        version=lookalike.__version__,
        responses=documented(),
        # The pages that FastAPI brings load their scripts from another host.
        docs_url=None,
        redoc_url=None,
    )
    for router in (asking(studio), jobs(studio), history(studio), openai(studio), sdapi(studio)):
        app.include_router(router)
    for router in page(studio):
        app.include_router(router)

    @app.get("/health", tags=["studio"], summary="Whether the studio is there.")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/v1/studio", tags=["studio"], summary="How the studio is.")
    def about() -> Health:
        counts = studio.queue.counts()
        return Health(version=lookalike.__version__, model=studio.sessions.model, jobs=counts)

    answer_problems(app)
    app.add_middleware(Guard, rules=rules or Rules(), shown=SHOWN)
    app.openapi = lambda: _document(app)
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the problems that FastAPI does not know of."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        form = "#/components/schemas/{model}"
        own = Problem.model_json_schema(ref_template=form)
        schemas.update(own.pop("$defs", {}) | {"Problem": own})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = made
    return app.openapi_schema
