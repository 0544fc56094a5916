"""The history: found by words and by likeness, starred, and kept within its room on the disk."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.studio.database import Database
from lookalike.studio.faults import UnknownError
from lookalike.studio.history.budget import sweep, tidy, total
from lookalike.studio.history.history import History
from lookalike.studio.history.keeping import Made, keep
from lookalike.studio.jobs.queue import Asked, Queue
from lookalike.studio.records import Item
from lookalike.studio.shelf import MARK, Shelf


@pytest.fixture
def history(database: Database, shelf: Shelf) -> History:
    return History(database, shelf)


@pytest.fixture
def queue(database: Database) -> Queue:
    return Queue(database)


def kept(queue: Queue, history: History, *made: Made) -> list[Item]:
    name = queue.add(Asked("count", {}, "mini"))
    assert queue.take("mini") is not None
    assert keep(history._database, history._shelf, name, made)
    return list(history.of_jobs([name])[name])


def file(number: int, size: int = 1000) -> bytes:
    return bytes([number]) * size


def test_items_are_found_by_all_of_their_words_and_by_how_words_begin(
    queue: Queue, history: History
) -> None:
    kept(queue, history, Made("picture", "a red cat, café"), Made("picture", "a blue cat"))
    assert [one.text for one in history.find("cat")] == ["a blue cat", "a red cat, café"]
    assert [one.text for one in history.find("CAT re")] == ["a red cat, café"]
    assert [one.text for one in history.find("cafe")] == ["a red cat, café"]
    assert history.find("dog") == []


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    folder = tmp_path_factory.mktemp("empty")
    database = Database(folder / "studio.db")
    yield History(database, Shelf(folder))
    database.close()


@settings(max_examples=50, deadline=None)
@given(words=st.text(max_size=30))
def test_no_words_are_an_error(words: str, empty: History) -> None:
    assert empty.find(words) == []


@pytest.mark.parametrize("words", ['"', "a OR b", "NEAR(a b)", "text:cat", "*", "cat AND", "-cat"])
def test_operators_of_the_search_are_words_like_others(
    queue: Queue, history: History, words: str
) -> None:
    kept(queue, history, Made("picture", "a small dog"))
    assert history.find(words) == []


def test_pages_go_on_where_the_one_before_ended(queue: Queue, history: History) -> None:
    kept(queue, history, *(Made("picture", f"cat {i}") for i in range(5)))
    first = history.find("cat", limit=2)
    second = history.find("cat", limit=2, before=first[-1].id)
    assert [one.text for one in (*first, *second)] == ["cat 4", "cat 3", "cat 2", "cat 1"]


def test_the_most_alike_come_first_and_new_ones_are_seen(queue: Queue, history: History) -> None:
    def at(x: float, y: float) -> Made:
        return Made("picture", f"{x} {y}", vector=np.array([x, y], np.float32), space="clip")

    kept(queue, history, at(1, 0), at(0, 1))
    wanted = np.array([1.0, 0.1], np.float32)
    assert [one.text for one in history.like(wanted, "clip")] == ["1 0", "0 1"]
    kept(queue, history, at(1, 0.1), Made("picture", "unseen"))
    found = history.like(wanted, "clip", limit=2)
    assert [one.text for one in found] == ["1 0.1", "1 0"]
    assert found[0].likeness == pytest.approx(1)
    assert history.like(wanted, "another") == []
    history.forget(found[0].id)
    assert [one.text for one in history.like(wanted, "clip", limit=1)] == ["1 0"]


def test_stars_narrow_a_search(queue: Queue, history: History) -> None:
    one, _ = kept(queue, history, Made("picture", "cat 1"), Made("description", "cat 2"))
    assert history.star(one.id, True).starred
    assert [item.text for item in history.find("cat", starred=True)] == ["cat 1"]
    assert [item.text for item in history.find(kind="description")] == ["cat 2"]
    with pytest.raises(UnknownError, match="there is no item 99"):
        history.star(99, True)


def test_a_file_stays_while_anything_has_it(queue: Queue, history: History, shelf: Shelf) -> None:
    one, two = kept(queue, history, Made("picture", data=file(1)), Made("grid", data=file(1)))
    history.forget(one.id)
    assert list(shelf.names()) == [one.file]
    history.forget(two.id)
    assert list(shelf.names()) == []


def test_the_oldest_files_go_first_and_their_lines_stay(
    queue: Queue, history: History, database: Database, shelf: Shelf
) -> None:
    made = [kept(queue, history, Made("picture", f"cat {i}", file(i)))[0] for i in range(4)]
    assert total(database) == 4000
    assert sweep(database, shelf, 4000) == []
    assert sweep(database, shelf, 2500) == [made[0].file, made[1].file]
    assert total(database) == 2000
    gone = history.get(made[0].id)
    assert (gone.gone, gone.picture, gone.text) == (True, None, "cat 0")
    assert set(shelf.names()) == {made[2].file, made[3].file}


def test_what_is_starred_is_never_removed_nor_what_it_was_made_from(
    queue: Queue, history: History, database: Database, shelf: Shelf
) -> None:
    [source] = kept(queue, history, Made("picture", data=file(1)))
    references = {"references": {source.picture: "0" * 64}}
    [starred] = kept(queue, history, Made("picture", data=file(2), record=references))
    [other] = kept(queue, history, Made("picture", data=file(3)))
    history.star(starred.id, True)
    assert sweep(database, shelf, 0) == [other.file]
    assert set(shelf.names()) == {source.file, starred.file}


def test_what_an_unfinished_job_needs_is_not_removed(
    queue: Queue, history: History, database: Database, shelf: Shelf
) -> None:
    [needed] = kept(queue, history, Made("picture", data=file(1)))
    queue.add(Asked("vary", {"picture": needed.picture}, "mini"))
    assert sweep(database, shelf, 0) == []
    assert needed.picture == f"{MARK}{(needed.file or '').removesuffix('.png')}"


def test_files_that_nobody_knows_are_removed_at_the_start(
    queue: Queue, history: History, database: Database, shelf: Shelf
) -> None:
    [one] = kept(queue, history, Made("picture", data=file(1)))
    stray = shelf.put(b"half a job")
    (shelf.folder / "notes.txt").write_text("mine")
    assert tidy(database, shelf) == [stray]
    assert {path.name for path in shelf.folder.iterdir()} == {one.file, "notes.txt"}


def test_a_picture_that_a_job_brought_along_stays_while_anything_made_from_it_does(
    queue: Queue, history: History, database: Database, shelf: Shelf
) -> None:
    brought = shelf.put(file(1))
    references = {"references": {f"{MARK}{brought.removesuffix('.png')}": "0" * 64}}
    [made] = kept(queue, history, Made("picture", data=file(2), record=references))
    assert tidy(database, shelf) == []
    history.forget(made.id)
    assert tidy(database, shelf) == [brought]
