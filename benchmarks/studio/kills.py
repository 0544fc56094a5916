"""Kills the studio at random moments under load, and counts what it lost: nothing, it promises."""

from __future__ import annotations

import hashlib
import io
import random
import re
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from PIL import Image

from benchmarks.studio.clients import Load, client, picture
from benchmarks.studio.server import Forked, serving

CLIENTS = 20
ALIVE = 5.0
"""Seconds that the studio lives at most from when it answers, or twice what it took to start."""
STARTING = 0.2
"""The share of kills that come while it starts."""


def kills(count: int = 50, seed: int = 0, minutes: float = 20) -> dict[str, object]:
    """Kill a studio so many times while its clients go on asking; then look at what is there.

    After so many minutes it is killed no more, however often it was by then.
    """
    chance, load, starts = random.Random(seed), Load(), list[float]()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        data, log = Path(name, "data"), Path(name, "log")
        done = 0
        with _asking(load, seed):
            for number in range(count):
                if time.perf_counter() - began > 60 * minutes:
                    break
                _killed_once(load, chance, data, log, starts)
                done = number + 1
                print(f"{done} of {count}: {len(load.accepted)} accepted", file=sys.stderr)
        with serving(data) as (_, wire):
            waited = _settled(wire)
            found = _jobs(wire, load) | _history(wire, load)
        found |= _disk(data)
        found["faults_in_log"] = log.read_text().count("Traceback") if log.exists() else 0
    return {
        "kills": done,
        "clients": CLIENTS,
        "accepted": len(load.accepted),
        "by_verb": dict(sorted(load.verbs.items())),
        "refused": dict(Counter(load.refused)),
        "broken_connections": load.broken,
        "median_start_seconds": round(sorted(starts)[len(starts) // 2], 1) if starts else None,
        "last_start_finished_all_in": round(waited, 1),
        "minutes": round((time.perf_counter() - began) / 60, 1),
        **found,
    }


@contextmanager
def _asking(load: Load, seed: int) -> Iterator[None]:
    """The clients, each in a thread of its own, while the block lasts."""
    shown = [picture(number) for number in range(6)]
    threads = [
        threading.Thread(target=client, args=(load, seed * 1000 + number, shown))
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        load.over.set()
        for thread in threads:
            thread.join()


def _killed_once(
    load: Load, chance: random.Random, data: Path, log: Path, starts: list[float]
) -> None:
    server = Forked(data, log)
    if chance.random() < STARTING:
        usual = starts[-1] if starts else 5.0
        time.sleep(chance.uniform(0, usual))
    else:
        load.address = server.wait()
        starts.append(server.seconds)
        time.sleep(chance.uniform(0, max(ALIVE, 2 * server.seconds)))
    server.kill()
    load.address = ""


def _settled(wire: httpx2.Client, limit: float = 600) -> float:
    """Seconds until no job is unfinished."""
    began = time.perf_counter()
    while wire.get("/v1/studio").json()["jobs"].keys() & {"queued", "running"}:
        if time.perf_counter() - began > limit:
            break
        time.sleep(0.5)
    return time.perf_counter() - began


def _jobs(wire: httpx2.Client, load: Load) -> dict[str, Any]:
    """What became of the accepted jobs."""
    states, wrong, attempts = Counter[str](), list[str](), Counter[int]()
    for name, items in load.accepted.items():
        answer = wire.get(f"/v1/jobs/{name}")
        job = answer.json() if answer.is_success else {"state": "lost", "items": []}
        states[job["state"]] += 1
        attempts[job.get("attempts", 0)] += 1
        if job["state"] != "done":
            wrong.append(f"{name} is {job['state']}: {job.get('error')}")
        elif len(job["items"]) != items:
            wrong.append(f"{name} made {len(job['items'])} results and not {items}")
    return {
        "states": dict(states),
        "attempts": {str(n): attempts[n] for n in sorted(attempts)},
        "lost": states["lost"],
        "wrong": wrong,
    }


def _history(wire: httpx2.Client, load: Load) -> dict[str, Any]:
    """All that the history shows: each result once, and its file there and whole."""
    shown, before = list[dict[str, Any]](), None
    while True:
        params = {"limit": 500} | ({"before": before} if before else {})
        page = wire.get("/v1/history", params=params).json()["items"]
        if not page:
            break
        shown, before = shown + page, page[-1]["id"]
    places = Counter((one["job"], one["kind"], one["place"]) for one in shown if one["job"])
    files = {one["file"] for one in shown if one["file"]}
    return {
        "results": sum(places.values()),
        "of_jobs_whose_answer_broke": len({job for job, *_ in places} - load.accepted.keys()),
        "shown_twice": sum(1 for times in places.values() if times > 1),
        "made_at_once_with_others": sum(1 for one in shown if one["record"].get("among")),
        "files": len(files),
        "files_missing_or_broken": sum(1 for file in files if not _whole(wire, file)),
    }


def _whole(wire: httpx2.Client, file: str) -> bool:
    answer = wire.get(f"/v1/files/{file}")
    if not answer.is_success:
        return False
    if hashlib.sha256(answer.content).hexdigest() != file.partition(".")[0]:
        return False
    if file.endswith(".png"):
        with Image.open(io.BytesIO(answer.content)) as one:
            one.load()
    return True


def _disk(data: Path) -> dict[str, Any]:
    """What the database says of itself, and files that it does not know."""
    with closing(sqlite3.connect(data / "studio.db")) as database:
        check = [row[0] for row in database.execute("PRAGMA integrity_check")]
        known = {row[0] for row in database.execute("SELECT DISTINCT file FROM items")}
        # Pictures that came along with a request, which stay until the next start.
        asked = "".join(row[0] for row in database.execute("SELECT request FROM jobs"))
        jobs = dict(database.execute("SELECT state, count(*) FROM jobs GROUP BY state"))
    given = {f"{mark}.png" for mark in re.findall("sha256:([0-9a-f]{64})", asked)}
    stray = [each.name for each in (data / "files").iterdir() if each.name not in known | given]
    return {"integrity_check": check, "jobs_in_all": jobs, "files_unknown": len(stray)}
