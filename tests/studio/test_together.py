"""Jobs that are alike are made at once, and nobody is the worse for it."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lookalike.core.errors import OptionError
from lookalike.core.pictures import open_picture
from lookalike.core.png import png_bytes
from lookalike.session.work import Note
from lookalike.studio.jobs.mates import sort_of
from lookalike.studio.records import Job, Progress
from lookalike.studio.sessions import Sessions
from lookalike.studio.studio import Bounds, Studio
from lookalike.studio.verbs import VERBS
from lookalike.world.look import looks
from lookalike.world.render import render
from tests.studio.conftest import finished


@pytest.fixture
def studio(sessions: Sessions, tmp_path: Path) -> Iterator[Studio]:
    """A studio with mini that does not begin before it is told."""
    made = Studio(tmp_path / "data", sessions)
    yield made
    made.close()


@pytest.fixture
def asked(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Job]:
    """Submits a job that waits for the start."""

    def submit(verb: str, *, priority: int = 0, **request: object) -> Job:
        with monkeypatch.context() as patch:
            patch.setattr(studio.workers, "wake", lambda _: None)
            kind = VERBS[verb].request
            return studio.submit(verb, kind.model_validate(request), priority=priority)

    return submit


def brief(count: int = 1, steps: int = 2, seed: int = 3) -> dict[str, int]:
    return {"count": count, "steps": steps, "seed": seed}


def among(job: Job) -> object:
    return job.items[0].record["among"]


def test_jobs_that_are_alike_are_made_at_once_and_again_from_their_files(
    studio: Studio, asked: Callable[..., Job]
) -> None:
    face = studio.upload(png_bytes(render(next(looks("test")), 64))).picture
    jobs = [
        asked("imagine", prompt="a cat", settings=brief()),
        asked("imagine", prompt="a red dog", settings=brief(count=2)),
        asked("imagine", prompt="other steps", settings=brief(steps=1)),
        asked("edit", picture=face, text="a hat", settings=brief()),
    ]
    studio.start()
    done = [finished(studio, job) for job in jobs]
    assert [job.state for job in done] == ["done"] * 4
    assert [among(job) for job in done] == [[4, 0], [4, 1], None, [4, 3]]
    with warnings.catch_warnings():
        warnings.simplefilter("error", Note)
        for job in (done[1], done[3]):
            file = studio.shelf.path(job.items[0].file or "")
            anew = studio.sessions.of("mini").again(file)
            assert anew.pictures[0].tobytes() == open_picture(file).tobytes()


def test_one_that_is_cancelled_leaves_and_the_others_go_on(
    studio: Studio, asked: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [asked("imagine", prompt=f"cat {n}", settings=brief()) for n in range(3)]
    post, steps = studio.board.post, Counter[str]()

    def posted(job: str, progress: Progress, preview: bytes | None) -> None:
        steps[job] += 1
        studio.board.stop(jobs[1].id)
        post(job, progress, preview)

    monkeypatch.setattr(studio.board, "post", posted)
    studio.start()
    done = [finished(studio, job) for job in jobs]
    assert [job.state for job in done] == ["done", "cancelled", "done"]
    assert [steps[job.id] for job in jobs] == [2, 1, 2]
    assert (among(done[2]), done[1].items) == ([3, 2], ())


def test_what_is_too_much_at_once_is_made_one_by_one(
    studio: Studio, asked: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Iterator[None]:
        raise MemoryError

    monkeypatch.setattr("lookalike.studio.jobs.several.steps_of", full)
    jobs = [asked("imagine", prompt=f"cat {n}", settings=brief(steps=1)) for n in range(2)]
    studio.start()
    done = [finished(studio, job) for job in jobs]
    assert [(job.state, job.attempts, among(job)) for job in done] == [("done", 1, None)] * 2


def test_each_who_watches_sees_a_preview_of_his_own(
    studio: Studio, asked: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [asked("imagine", prompt=f"cat {n}", settings=brief()) for n in range(3)]
    shown: dict[str, bytes] = {}
    post = studio.board.post

    def posted(job: str, progress: Progress, preview: bytes | None) -> None:
        if preview is not None:
            shown[job] = preview
        post(job, progress, preview)

    monkeypatch.setattr(studio.board, "post", posted)
    for job in jobs[1:]:
        studio.board.watch(job.id, 1)
    studio.start()
    for job in jobs:
        finished(studio, job)
    assert set(shown) == {job.id for job in jobs[1:]}
    assert shown[jobs[1].id] != shown[jobs[2].id]


def test_who_comes_first_leads_and_lower_priorities_do_not_slow_it(
    studio: Studio, asked: Callable[..., Job]
) -> None:
    low, first, second = (
        asked("imagine", prompt="a cat", settings=brief(steps=1), priority=priority)
        for priority in (0, 5, 5)
    )
    studio.start()
    done = [finished(studio, job) for job in (low, first, second)]
    assert [among(job) for job in done] == [None, [2, 0], [2, 1]]
    assert (done[0].started or 0) >= (done[1].ended or 0)


def test_no_more_are_made_at_once_than_there_is_room_for(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = Studio(tmp_path / "data", sessions, bounds=Bounds(together=3))
    with monkeypatch.context() as patch:
        patch.setattr(studio.workers, "wake", lambda _: None)
        kind, how = VERBS["imagine"].request, ({"count": 2}, {"count": 2}, {"count": 1})
        jobs = [
            studio.submit(
                "imagine", kind.model_validate({"prompt": "a cat", "settings": {"steps": 1, **one}})
            )
            for one in how
        ]
    with studio:
        done = [finished(studio, job) for job in jobs]
    assert [among(job) for job in done] == [[3, 0], None, [3, 2]]


def test_a_size_far_beyond_the_models_is_refused(
    studio: Studio, asked: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "320 x 320 pixels are too many for mini, which knows 64: here it makes at most 256"
    with monkeypatch.context() as patch:
        patch.setattr(studio.sessions.of("mini").models, "at_hand", lambda _: None)
        unseen = asked("imagine", prompt="a cat", settings={"pixels": 320})
    with studio.sessions.of("mini").models.use("mini"), pytest.raises(OptionError, match=wrong):
        asked("imagine", prompt="a cat", settings={"pixels": 320})
    studio.start()
    failed = finished(studio, unseen)
    assert (failed.state, failed.error and failed.error.message) == ("failed", wrong)


def test_what_leans_on_references_or_fills_a_part_in_is_made_alone(
    studio: Studio, asked: Callable[..., Job]
) -> None:
    face = studio.upload(png_bytes(render(next(looks("test")), 64))).picture
    alone = [
        asked("imagine", prompt="a cat", image=[face], settings=brief()),
        asked("vary", picture=face, region="0,0,32,32", settings=brief()),
        asked("zoom", picture=face, factor=2.0, settings=brief()),
        asked("describe", pictures=[face]),
    ]
    assert [sort_of(job) for job in alone] == [None] * 4


def test_a_job_that_the_studio_died_of_is_made_alone(asked: Callable[..., Job]) -> None:
    job = asked("imagine", prompt="a cat", settings=brief())
    assert sort_of(job) is not None
    assert sort_of(job.model_copy(update={"attempts": 1})) is None
    assert sort_of(job.model_copy(update={"attempts": 1, "state": "running"})) is not None
    assert sort_of(job.model_copy(update={"attempts": 2, "state": "running"})) is None
