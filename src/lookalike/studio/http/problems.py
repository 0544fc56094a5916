"""Errors over HTTP: problem documents (RFC 9457) with the texts that the command line prints."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.exceptions import HTTPException

from lookalike.core.errors import LookalikeError
from lookalike.core.record import Record, explain_first
from lookalike.core.records import Settings
from lookalike.studio.faults import BusyError, JobError, LateError, UnknownError, fault_of
from lookalike.studio.verbs import VERBS

MEDIA = "application/problem+json"
OPENAI = "/v1/images/"

_log = logging.getLogger(__name__)
_STATUS: Mapping[type[LookalikeError], int] = {BusyError: 429, UnknownError: 404, LateError: 409}
_DOCUMENTED = (400, 401, 403, 404, 405, 409, 413, 421, 422, 429, 500)


class Told(Record):
    """The same as OpenAI's clients read it."""

    message: str = Field(description="As the detail.")
    type: str = Field(description="Always invalid_request_error.")
    param: str | None = Field(description="Always none.")
    code: str = Field(description="prompt, picture, …")


class Problem(Record):
    """What was wrong with a request."""

    type: str = Field(description="urn:lookalike:prompt, urn:lookalike:picture, …")
    title: str = Field(description="What the status means.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(
        description="One line; where a prompt is wrong, the prompt below it, with carets."
    )
    error: Told | None = Field(default=None, description="For clients of OpenAI.")


def problem(
    status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None, path: str = ""
) -> JSONResponse:
    """A problem document as an answer."""
    said = Problem(
        type=f"urn:lookalike:{kind}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        error=_told(kind, detail) if path.startswith(OPENAI) else None,
    )
    body = said.model_dump(exclude=set() if said.error else {"error"})
    return JSONResponse(body, status, headers, media_type=MEDIA)


def _told(kind: str, detail: str) -> Told:
    return Told(message=detail, type="invalid_request_error", param=None, code=kind)


def documented() -> dict[int | str, dict[str, Any]]:
    """The problems that every address may answer with, for the OpenAPI document."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA: {"schema": schema}}}
        for status in _DOCUMENTED
    }


def answer_problems(app: FastAPI) -> None:
    """Have every error answered as a problem document."""
    app.add_exception_handler(LookalikeError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def status_of(fault: LookalikeError) -> int:
    """The HTTP status of an error: of those that whoever asks can mend, mostly 422."""
    if isinstance(fault, JobError) and fault.fault.kind in ("fault", "memory"):
        return 500
    return next((s for kind, s in _STATUS.items() if isinstance(fault, kind)), 422)


def _ours(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, LookalikeError)  # by its registration
    said, status = fault_of(fault), status_of(fault)
    headers = {"Retry-After": "5"} if status == 429 else None
    return problem(status, said.kind, said.message, headers, request.url.path)


def _invalid(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, RequestValidationError)  # by its registration
    first = told_apart(fault.errors())
    known = _names(request.url.path, first["loc"])
    return problem(422, "option", explain_first(first, known), path=request.url.path)


def told_apart(errors: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The first complaint, of the field itself: without body, query and members of unions."""
    first = dict(errors[0])
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "it is not JSON")
        return first | {"loc": (), "msg": f"should be JSON: {reason}"}
    places = tuple(first["loc"])
    places = places[1:] if places[:1] in _SOURCES else places
    # Members of unions are told by what checks them, which means nothing outside.
    return first | {"loc": tuple(one for one in places if "[" not in str(one))}


def _names(path: str, place: tuple[object, ...]) -> set[str]:
    """The names that could have been meant: fields of the request, or of the settings in it."""
    verb = VERBS.get(path.rpartition("/")[2])
    return set(verb.request.model_fields if verb and len(place) < 2 else Settings.model_fields)


_SOURCES = (("body",), ("query",), ("path",), ("header",))


def _http(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, HTTPException)  # by its registration
    detail = str(fault.detail)
    if fault.status_code == 404:
        detail = f"there is nothing at {request.url.path[:200]}; /openapi.json tells what there is"
    if fault.status_code == 405:
        detail = (
            f"{request.method} is not for {request.url.path[:200]}; /openapi.json tells what is"
        )
    return problem(fault.status_code, "http", detail, fault.headers, request.url.path)


def _unforeseen(request: Request, fault: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=fault)
    return problem(500, "fault", fault_of(fault).message)
