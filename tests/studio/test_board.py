"""Who waits for a job hears of its end, whenever he begins to wait."""

from __future__ import annotations

from lookalike.studio.jobs.board import Board
from lookalike.studio.records import Progress

STEP = Progress(step=1, of=2)


def test_who_begins_to_wait_as_a_job_ends_does_not_wait_in_vain() -> None:
    board = Board()
    with board.awaiting("other") as early:
        board.clear("one")
        assert not early.over.is_set()
    with board.awaiting("one") as late:
        assert late.over.is_set()


def test_who_waits_for_the_end_alone_is_not_rung_at_steps() -> None:
    board, rung = Board(), list[str]()
    with (
        board.awaiting("one", lambda: rung.append("each")),
        board.awaiting("one", lambda: rung.append("end"), at_steps=False),
    ):
        board.post("one", STEP, None)
        assert rung == ["each"]
        board.clear("one")
    assert rung == ["each", "each", "end"]
