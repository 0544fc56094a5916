"""How many pictures a minute: jobs made at once where that is quicker, against one at a time."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.studio.overhead import WORDS
from benchmarks.studio.server import Server, done, serving


def throughput(rounds: int = 5, jobs: int = 16, steps: int = 20) -> dict[str, object]:
    """So many jobs of one picture at once, by two studios in turns; the medians of the rounds."""
    told: dict[str, tuple[list[float], list[float]]] = {"1": ([], []), "8": ([], [])}
    with (
        tempfile.TemporaryDirectory() as name,
        serving(Path(name, "1"), "--together", "1") as alone,
        serving(Path(name, "8"), "--together", "8") as batched,
    ):
        for _, client in (alone, batched):
            done(client, "imagine", _asked(0, 2))
        for turn in range(rounds):
            for each, (server, client) in (("1", alone), ("8", batched)):
                wall, cpu = _timed(
                    server, client, [_asked(turn * jobs + n, steps) for n in range(jobs)]
                )
                told[each][0].append(wall)
                told[each][1].append(cpu)
    seconds = {each: statistics.median(wall) for each, (wall, _) in told.items()}
    ratios = [one / other for one, other in zip(told["1"][0], told["8"][0], strict=True)]
    return {
        "jobs": jobs,
        "steps": steps,
        "rounds": rounds,
        "one_at_a_time": _figures(jobs, *told["1"]),
        "at_once": _figures(jobs, *told["8"]),
        "times_as_many": round(seconds["1"] / seconds["8"], 2),
        "times_as_many_in_pairs": round(statistics.median(ratios), 2),
    }


def _asked(seed: int, steps: int) -> dict[str, Any]:
    return {"prompt": WORDS, "settings": {"count": 1, "steps": steps, "seed": seed}}


def _timed(
    server: Server, client: httpx2.Client, every: list[dict[str, Any]]
) -> tuple[float, float]:
    """Seconds of the clock and of the processor until all jobs are done."""
    wall, cpu = time.perf_counter(), server.cpu()
    for one in every:
        client.post("/v1/imagine", json=one).raise_for_status()
    while client.get("/v1/studio").json()["jobs"].keys() != {"done"}:
        time.sleep(0.05)
    return time.perf_counter() - wall, server.cpu() - cpu


def _figures(jobs: int, wall: list[float], cpu: list[float]) -> dict[str, float]:
    seconds = statistics.median(wall)
    return {
        "seconds": round(seconds, 3),
        "processor": round(statistics.median(cpu), 3),
        "pictures_a_minute": round(60 * jobs / seconds, 1),
    }
