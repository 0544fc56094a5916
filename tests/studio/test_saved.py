"""What is saved under a name, and characters, are in the history; an old history is still read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.core.errors import OptionError
from lookalike.core.library import Library
from lookalike.models.card import About, Card
from lookalike.studio.database import VERSION, Database
from lookalike.studio.history.history import History
from lookalike.studio.records import Item
from lookalike.studio.sessions import Sessions
from lookalike.studio.shelf import Shelf
from lookalike.studio.studio import Studio
from tests.studio.conftest import Counting

OLD = Path(__file__).with_name("old.sql")


@pytest.fixture(autouse=True)
def own_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / "library"))


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with Studio(tmp_path / "data", Counting()) as made:
        yield made


def save(name: str, note: str = "", colour: str = "red", *, replace: bool = False) -> None:
    picture = Image.new("RGB", (12, 8), colour)
    source = {"source": "somewhere.png", "source_sha256": "0" * 64}
    Library().save(name, picture, note=note, replace=replace, **source)


def found(items: list[Item]) -> list[str | None]:
    return [one.picture for one in items]


def test_saved_names_are_found_by_name_and_by_what_was_noted(studio: Studio) -> None:
    save("hero", "a knight in rusty armour")
    [one] = studio.find("rusty knight")
    assert (one.kind, one.picture, one.file) == ("saved", "@hero", None)
    assert (one.width, one.height) == (12, 8)
    assert "somewhere" not in one.model_dump_json()
    assert found(studio.find("hero", kind="saved")) == ["@hero"]


def test_what_the_command_line_saves_changes_and_forgets_is_seen(studio: Studio) -> None:
    assert studio.find() == []
    save("hero", "a knight")
    save("other")
    number = studio.find("knight")[0].id
    studio.history.star(number, True)
    save("hero", "a wizard", replace=True)
    assert studio.find("knight") == []
    [one] = studio.find("wizard")
    assert (one.id, one.starred) == (number, True)
    Library().forget("hero")
    assert found(studio.find()) == ["@other"]


def test_a_saved_name_is_forgotten_in_the_library_and_not_here(studio: Studio) -> None:
    save("hero")
    [one] = studio.find()
    with pytest.raises(OptionError, match=r"is @hero of the library; forget it there"):
        studio.history.forget(one.id)


def test_a_damaged_entry_of_the_library_hides_no_other(studio: Studio) -> None:
    save("hero")
    save("other")
    (Library().folder / "hero" / "record.json").write_text("{")
    assert found(studio.find()) == ["@other"]


def test_an_old_history_opens_and_its_characters_are_found_by_likeness(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        old.executescript(OLD.read_text("utf-8"))
    for _ in range(2):  # what was made anew once is not made anew again
        database = Database(path)
        history = History(database, Shelf(tmp_path))
        assert [one.text for one in history.find("cafe")] == ["café"]
        near = history.like(np.array([1, 0], np.float32), "clip")
        assert [(one.kind, one.likeness) for one in near] == [("picture", 1), ("character", 1)]
        assert (near[1].starred, near[1].picture) == (True, None)
        database.close()
    with sqlite3.connect(path) as new:
        assert new.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert new.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_character_goes_by_its_portrait(studio: Studio) -> None:
    import torch

    from lookalike.session.portraits import portrait_recipe
    from lookalike.studio.history.keeping import keep
    from lookalike.studio.jobs.queue import Asked
    from lookalike.studio.requests import Characters
    from lookalike.studio.verbs import _cards

    about = About.model_validate(
        {"base": "mini", "space": "s", "model_sha256": "0" * 64, "made": "drawn"}
        | {"maker": "1" * 64, "seed": 3, "number": 1, "portrait": "a portrait of @it"}
    )
    card = Card((torch.zeros(2, 4),), None, Image.new("RGB", (8, 8), "blue"), about)
    made = _cards([(card, portrait_recipe(card, "mini"))], Characters())
    assert made[0].picture is made[1].picture  # so both lie where the portrait does
    job = studio.queue.add(Asked("characters", {}, "none"))
    keep(studio.database, studio.shelf, job, made)
    picture, character = studio.history.of_jobs([job])[job]
    assert (character.kind, character.picture) == ("character", picture.picture)
    assert found(studio.find("portrait", kind="character")) == [picture.picture]
    studio.history.forget(picture.id)
    assert studio.history.get(character.id).picture is None


@pytest.mark.slow
def test_saved_names_are_found_by_their_likeness(sessions: Sessions, tmp_path: Path) -> None:
    with Studio(tmp_path / "data", sessions) as studio:
        save("sunset", colour="#ee8800")
        save("night", colour="#000022")
        near = studio.like("@sunset")
        assert found(near) == ["@sunset", "@night"]
        assert near[0].likeness == pytest.approx(1, abs=1e-4)
        save("sunset", colour="#000022", replace=True)
        assert studio.like("@night")[1].likeness == pytest.approx(1, abs=1e-4)
        Library().forget("sunset")
        assert found(studio.like("@night")) == ["@night"]
