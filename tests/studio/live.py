"""A studio with mini over HTTP, in this process, shared by the tests of a module."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from fastapi.testclient import TestClient

from lookalike.studio.http.app import build
from lookalike.studio.sessions import Sessions
from lookalike.studio.studio import Studio

BRIEF = {"steps": 1, "count": 1}
"""Settings that make a picture in no time."""


@contextmanager
def served(folder: Path, sessions: Sessions) -> Iterator[tuple[Studio, TestClient]]:
    """A studio, and a client of it."""
    with Studio(folder, sessions) as studio:
        base = "http://127.0.0.1:7860"
        with TestClient(build(studio), base_url=base, client=("127.0.0.1", 50000)) as client:
            yield studio, client


def made(client: TestClient, verb: str, **request: object) -> dict[str, Any]:
    """The job of a request, when it is done."""
    answer = client.post(f"/v1/{verb}", params={"wait": 300}, json=request)
    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert job["state"] == "done", job["error"]
    return job


def problem(answer: httpx2.Response) -> tuple[int, str]:
    """The status and the text of a problem document."""
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert set(said) - {"error"} == {"type", "title", "status", "detail"}
    assert said["status"] == answer.status_code
    return answer.status_code, said["detail"]


def events(client: TestClient, job: str) -> list[tuple[str, dict[str, Any]]]:
    """All events of a job, by name."""
    found: list[tuple[str, dict[str, Any]]] = []
    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                found.append((name, json.loads(line.removeprefix("data: "))))
    return found
