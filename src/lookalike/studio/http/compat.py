"""What the endpoints of other programs share: plain words as prompts, sizes, jobs waited for."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from fractions import Fraction
from math import sqrt

from fastapi import Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from lookalike.core.errors import LookalikeError, OptionError
from lookalike.core.record import explain
from lookalike.core.records import Part, Prompt, Settings
from lookalike.studio import requests as ask
from lookalike.studio.faults import JobError
from lookalike.studio.http.waiting import ended
from lookalike.studio.records import Item, Job
from lookalike.studio.studio import Studio

PATIENCE = 600.0
"""Seconds that a program waits for its pictures, at most."""


def plain(text: str, settings: Settings, avoid: str = "") -> Prompt:
    """Words as a prompt, without the prompt language: other programs know nothing of it."""
    parts = (Part(text=text),) if text.strip() else ()
    return Prompt(parts=parts, avoid=avoid.strip(), settings=settings)


def settings_of(chosen: Mapping[str, object]) -> Settings:
    """Settings from what other programs said; `OptionError` names what cannot be."""
    try:
        return Settings.model_validate(chosen)
    except ValidationError as fault:
        raise OptionError(explain(fault, Settings.model_fields)) from fault


def sized(width: int, height: int) -> dict[str, object]:
    """The settings that make pictures of a size, as near as the model can."""
    shape = Fraction(width, height)
    aspect = f"{shape.numerator}:{shape.denominator}"
    return {"aspect": aspect, "pixels": round(sqrt(width * height))}


def size_in(text: str) -> tuple[int, int]:
    """Width and height of "512x768"."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text, re.ASCII)
    if found is None or not 8 <= min(map(int, found.groups())) <= 4096:
        raise OptionError(f"a size is WIDTHxHEIGHT in pixels, as in 512x512; not {text[:40]}")
    return int(found[1]), int(found[2])


async def done(studio: Studio, verb: str, asked: ask.Request, request: Request) -> Job:
    """The job of a request when it is done; `JobError` where it is not.

    When whoever asked goes away, the job is done nonetheless, and is in the history.
    """
    job = await run_in_threadpool(studio.submit, verb, asked, client=request.state.client)
    job = await ended(studio, job, PATIENCE)
    if job.error is not None:
        raise JobError(job.error)
    if job.state != "done":
        raise LookalikeError(f"the job {job.id} is {job.state}; /v1/jobs/{job.id} has the rest")
    return job


def pictures(job: Job) -> list[Item]:
    """The single pictures that a job made; an error where the safety checker left none."""
    found = [item for item in job.items if item.kind == "picture"]
    if not found:
        raise LookalikeError("; ".join(job.notes) or "nothing was made")
    return found


def encoded(studio: Studio, item: Item) -> str:
    """A picture's file in base64."""
    return base64.b64encode(studio.shelf.path(item.file or "").read_bytes()).decode()
