"""A studio that is killed under load loses no job, and shows none twice."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.studio.running import Running

KILLS = 2
ASKED = {"prompt": "a cat", "settings": {"steps": 2, "count": 1}}


@contextmanager
def studio(data: Path) -> Iterator[Running]:
    running = Running(data)
    try:
        yield running
    finally:
        running.kill()


def state(address: str, job: str) -> str:
    return httpx2.get(f"{address}/v1/jobs/{job}", timeout=60).json()["state"]


@pytest.mark.slow
def test_a_studio_killed_under_load_loses_nothing_and_shows_nothing_twice(tmp_path: Path) -> None:
    chance, accepted = random.Random(7), list[str]()
    for _ in range(KILLS):
        with studio(tmp_path) as running:
            for _ in range(3):
                answer = httpx2.post(f"{running.address}/v1/imagine", json=ASKED, timeout=120)
                assert answer.status_code == 202
                accepted.append(answer.json()["id"])
            first = accepted[-3]
            limit = time.monotonic() + 120
            while state(running.address, first) == "queued" and time.monotonic() < limit:
                time.sleep(0.1)
            time.sleep(chance.uniform(0, 2))
    with studio(tmp_path) as running:
        limit = time.monotonic() + 400
        while time.monotonic() < limit:
            counts = httpx2.get(f"{running.address}/v1/jobs", timeout=60).json()["counts"]
            if not counts.keys() & {"queued", "running"}:
                break
            time.sleep(0.5)
        jobs = [httpx2.get(f"{running.address}/v1/jobs/{n}", timeout=60).json() for n in accepted]
    assert [job["state"] for job in jobs] == ["done"] * len(accepted)
    assert [len(job["items"]) for job in jobs] == [1] * len(accepted)
    with closing(sqlite3.connect(tmp_path / "studio.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        shown = database.execute("SELECT count(*), count(DISTINCT job) FROM items").fetchone()
    assert shown == (len(accepted), len(accepted))
    files = {path.name for path in (tmp_path / "files").iterdir()}
    assert {job["items"][0]["file"] for job in jobs} == files


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_studio_stops_cleanly_and_goes_on_later(tmp_path: Path, by: int) -> None:
    running = Running(tmp_path)
    slow = {"prompt": "a cat", "settings": {"steps": 400, "count": 1}}
    job = httpx2.post(f"{running.address}/v1/imagine", json=slow, timeout=120).json()["id"]
    code, out, _ = running.end(by)
    assert (code, out.strip()[:22]) == (0, "the studio has stopped")
    with closing(sqlite3.connect(tmp_path / "studio.db")) as database:
        assert database.execute("SELECT id, state FROM jobs").fetchall() == [(job, "queued")]
