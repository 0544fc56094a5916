"""Jobs on the disk: none lost, none twice, in their order, and not without bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.studio.database import Database
from lookalike.studio.faults import BusyError, LateError, UnknownError
from lookalike.studio.history.history import History
from lookalike.studio.history.keeping import Made, keep
from lookalike.studio.jobs.queue import MOST_ATTEMPTS, Asked, Queue
from lookalike.studio.records import Fault
from lookalike.studio.shelf import Shelf

ASKED = Asked("count", {"to": 3}, "mini")


def test_an_accepted_job_is_there_after_a_new_start(database: Database) -> None:
    name = Queue(database).add(ASKED)
    again = Queue(Database(database.path)).get(name)
    assert (again.state, again.request, again.verb) == ("queued", {"to": 3}, "count")


def test_a_job_may_begin_while_the_disk_is_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, order, sync = Queue(database), list[str](), database.sync
    monkeypatch.setattr(database, "sync", lambda: order.append("safe") or sync())
    name = queue.add(ASKED, told=lambda: order.append(f"{queue.models()} can begin"))
    assert (order, queue.get(name).state) == (["['mini'] can begin", "safe"], "queued")


def test_what_ran_when_the_studio_died_is_queued_again(database: Database) -> None:
    queue = Queue(database)
    name = queue.add(ASKED)
    assert queue.take("mini") is not None
    assert queue.take("mini") is None
    assert Queue(database).get(name).state == "queued"


def test_a_job_that_the_studio_dies_of_is_given_up(database: Database) -> None:
    name = Queue(database).add(ASKED)
    for _ in range(MOST_ATTEMPTS):
        assert Queue(database).take("mini") is not None
    ended = Queue(database).get(name)
    assert (ended.state, ended.attempts) == ("failed", MOST_ATTEMPTS)
    assert ended.error == Fault(kind="fault", message="the studio ended 5 times while this ran")


def test_a_job_that_the_studio_died_under_twice_lets_others_go_first(database: Database) -> None:
    unlucky, other = (Queue(database).add(ASKED) for _ in range(2))
    for _ in range(2):
        taken = Queue(database).take("mini")
        assert taken is not None
        assert taken.id == unlucky
    queue = Queue(database)
    assert queue.get(unlucky).ahead == 1
    assert [job.id for _ in range(2) if (job := queue.take("mini"))] == [other, unlucky]


def test_a_job_that_was_stopped_for_the_night_has_lost_no_attempt(database: Database) -> None:
    queue = Queue(database)
    name = queue.add(ASKED)
    for _ in range(MOST_ATTEMPTS + 1):
        assert queue.take("mini") is not None
        queue.give_back(name)
    assert Queue(database).get(name).state == "queued"


def test_jobs_come_by_priority_and_then_in_the_order_they_came(database: Database) -> None:
    queue = Queue(database)
    names = [queue.add(ASKED, priority=p) for p in (0, 5, 0, 5, -1)]
    assert queue.get(names[2]).ahead == 3
    taken = [job.id for _ in names if (job := queue.take("mini"))]
    assert taken == [names[i] for i in (1, 3, 0, 2, 4)]


def test_a_worker_gets_jobs_of_its_model_alone(database: Database) -> None:
    queue = Queue(database)
    queue.add(ASKED)
    assert queue.take("other") is None
    assert queue.models() == ["mini"]


def test_clients_and_all_together_have_a_limit(database: Database) -> None:
    queue = Queue(database, each=2, most=3)
    first = queue.add(ASKED, client="a")
    queue.add(ASKED, client="a")
    with pytest.raises(BusyError, match="you have 2 unfinished jobs"):
        queue.add(ASKED, client="a")
    queue.add(ASKED, client="b")
    with pytest.raises(BusyError, match="there are 3 unfinished jobs"):
        queue.add(ASKED, client="b")
    queue.cancel(first)
    queue.add(ASKED, client="a")


def test_what_waits_is_cancelled_at_once_and_what_has_ended_is_not(database: Database) -> None:
    queue = Queue(database)
    name = queue.add(ASKED)
    assert queue.cancel(name) == "queued"
    assert (queue.get(name).state, queue.take("mini")) == ("cancelled", None)
    with pytest.raises(LateError, match="is cancelled already"):
        queue.cancel(name)


def test_a_job_that_was_done_twice_shows_once(database: Database, shelf: Shelf) -> None:
    queue = Queue(database)
    name = queue.add(ASKED)
    assert queue.take("mini") is not None
    made = [Made("picture", "one", b"bytes of one")]
    assert keep(database, shelf, name, made)
    assert not keep(database, shelf, name, [Made("picture", "one", b"other bytes")])
    assert [one.text for one in History(database, shelf).find()] == ["one"]
    assert queue.get(name).state == "done"


def test_what_was_cancelled_at_the_last_moment_makes_nothing(
    database: Database, shelf: Shelf
) -> None:
    queue = Queue(database)
    name = queue.add(ASKED)
    queue.cancel(name)
    assert not keep(database, shelf, name, [Made("picture", "one", b"bytes")])
    assert History(database, shelf).find() == []


def test_a_job_is_tried_again_as_another_when_it_has_ended(database: Database) -> None:
    queue = Queue(database)
    name = queue.add(ASKED, priority=4)
    with pytest.raises(LateError, match="is queued"):
        queue.retry(name, client="local")
    queue.cancel(name)
    again = queue.get(queue.retry(name, client="local"))
    assert (again.retry_of, again.request, again.priority) == (name, {"to": 3}, 4)


def test_an_unknown_job_is_told(database: Database) -> None:
    queue = Queue(database)
    for ask in (queue.get, queue.cancel):
        with pytest.raises(UnknownError, match="there is no job x"):
            ask("x")


def test_jobs_are_listed_newest_first(database: Database, tmp_path: Path) -> None:
    queue = Queue(database)
    names = [queue.add(ASKED, client=str(i)) for i in range(3)]
    queue.cancel(names[1])
    assert {job.id for job in queue.newest(state="queued")} == {names[0], names[2]}
    assert [job.id for job in queue.newest(client="2")] == [names[2]]
    assert queue.counts() == {"queued": 2, "cancelled": 1}
