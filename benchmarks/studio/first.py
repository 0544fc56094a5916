"""How soon something is there: the studio itself, and the first preview of a picture."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import httpx2

from benchmarks.studio.overhead import WORDS
from benchmarks.studio.server import done, serving


def first_preview(repeats: int = 9) -> dict[str, object]:
    """From the request for four pictures of 20 steps to the first preview, and to their end."""
    asked = {"prompt": WORDS, "settings": {"count": 4, "steps": 20}}
    previews, ends = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as name, serving(Path(name, "data")) as (_, client):
        done(client, "imagine", asked)
        for _ in range(repeats):
            began = time.perf_counter()
            job = client.post("/v1/imagine", json=asked).raise_for_status().json()
            previews.append(_previewed(client, job["id"]) - began)
            ends.append(time.perf_counter() - began)
    return {
        "repeats": repeats,
        "seconds": round(statistics.median(previews), 3),
        "seconds_to_the_end": round(statistics.median(ends), 3),
    }


def _previewed(client: httpx2.Client, job: str) -> float:
    """When the first preview of a job came; goes on to its end."""
    seen = 0.0
    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        for line in answer.iter_lines():
            if line == "event: preview" and not seen:
                seen = time.perf_counter()
    if not seen:
        raise RuntimeError(f"the job {job} ended without a preview")
    return seen


def start(repeats: int = 3) -> dict[str, object]:
    """From the command until the studio answers, and until its first picture is there."""
    answers, cpus, pictures = list[float](), list[float](), list[float]()
    asked = {"prompt": WORDS, "settings": {"count": 1, "steps": 8}}
    for _ in range(repeats):
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as name, serving(Path(name, "data")) as (server, client):
            client.get("/health").raise_for_status()
            cpus.append(server.cpu())
            answers.append(time.perf_counter() - began)
            done(client, "imagine", asked)
            pictures.append(time.perf_counter() - began)
    return {
        "repeats": repeats,
        "seconds": round(statistics.median(answers), 2),
        "processor": round(statistics.median(cpus), 2),
        "seconds_to_the_first_picture": round(statistics.median(pictures), 2),
    }
