"""Workers do what is queued, stop when they are told, and outlive what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL.Image import Image

from lookalike.core.pictures import open_picture
from lookalike.studio.records import Progress
from lookalike.studio.studio import Studio
from tests.studio.conftest import Count, Counting, Gate, finished, until


def test_a_job_is_done_and_its_outcome_is_in_the_history(counter: Studio) -> None:
    done = finished(counter, counter.submit("count", Count(to=4)))
    assert (done.state, done.attempts, done.error) == ("done", 1, None)
    assert [one.text for one in done.items] == ["up to 4"]
    assert counter.history.find("up 4") == list(done.items)


def test_a_worker_outlives_a_job_that_fails(counter: Studio) -> None:
    failed = finished(counter, counter.submit("count", Count(fails_at=2)))
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error.message == "a fault of lookalike itself (RuntimeError); the log says where"
    assert finished(counter, counter.submit("count", Count())).state == "done"


def test_a_running_job_stops_at_its_next_step(counter: Studio, gate: Gate) -> None:
    gate.open.clear()
    job = counter.submit("count", Count(to=1000))
    assert gate.reached.wait(10)
    assert counter.cancel(job.id).state == "running"
    gate.open.set()
    assert finished(counter, job).state == "cancelled"
    assert counter.history.find() == []


def test_what_runs_when_the_studio_closes_is_done_at_the_next_start(
    counting: None, gate: Gate, tmp_path: Path
) -> None:
    gate.open.clear()
    with Studio(tmp_path / "data", Counting()) as first:
        job = first.submit("count", Count(to=50))
        assert gate.reached.wait(10)
        first.workers.end(0.0)
        gate.open.set()
    with Studio(tmp_path / "data", Counting()) as second:
        done = finished(second, job)
    assert (done.state, done.attempts, gate.begun) == ("done", 1, 2)


def test_progress_is_seen_while_a_job_runs_and_previews_only_by_who_watches(
    counter: Studio, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.open.clear()
    unseen, seen = (counter.submit("count", Count(to=3)) for _ in range(2))
    counter.board.watch(seen.id, 1)
    shown: dict[str, set[bool]] = {unseen.id: set(), seen.id: set()}
    post = counter.board.post

    def posted(job: str, progress: Progress, preview: bytes | None) -> None:
        shown[job].add(preview is not None)
        post(job, progress, preview)

    monkeypatch.setattr(counter.board, "post", posted)
    gate.open.set()
    finished(counter, unseen)
    finished(counter, seen)
    assert shown[unseen.id] == {False}
    assert True in shown[seen.id]


def test_the_audit_has_a_line_a_job_and_nothing_that_was_said(counter: Studio) -> None:
    done = finished(counter, counter.submit("count", Count(to=2), client="someone"))
    until(lambda: counter.data.audit.is_file())
    [line] = counter.data.audit.read_text().splitlines()
    said = json.loads(line)
    assert (said["job"], said["verb"], said["state"]) == (done.id, "count", "done")
    assert set(said) == {
        *("job", "verb", "model", "state", "attempts", "created", "started", "ended", "error")
    }


@pytest.mark.parametrize("wrong", [True, False])
def test_the_safety_checker_withholds_pictures_before_they_are_kept(
    counting: None, tmp_path: Path, wrong: bool
) -> None:
    def finder(_: object) -> Callable[[Sequence[Image]], list[bool]]:
        return lambda pictures: [wrong for _ in pictures]

    with Studio(tmp_path / "data", Counting(), checker=finder) as studio:
        done = finished(studio, studio.submit("count", Count()))
        [item] = done.items
        assert (done.state, item.withheld) == ("done", wrong)
        said = "the model's safety checker withheld 1 of 1 pictures: blank ones are in their place"
        assert done.notes == ((said,) if wrong else ())
        [name] = studio.shelf.names()
        assert (max(open_picture(studio.shelf.path(name)).tobytes()) == 0) == wrong


def test_what_is_to_be_checked_first_has_no_previews(
    counting: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = list[bytes | None]()
    with Studio(tmp_path / "data", Counting(), checker=lambda _: lambda all: [False]) as studio:
        monkeypatch.setattr(studio.board, "post", lambda job, at, preview: shown.append(preview))
        monkeypatch.setattr(studio.board, "is_watched", lambda job: True)
        finished(studio, studio.submit("count", Count(to=2)))
    assert shown == [None, None]
