"""Pictures are looked at after they were kept, and none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import create_autospec

import numpy as np
import pytest
from jaxtyping import Float
from PIL import Image

from lookalike.core.png import png_bytes
from lookalike.models.backbone import Backbone
from lookalike.session import Session
from lookalike.studio.database import Database
from lookalike.studio.history.history import History
from lookalike.studio.history.keeping import Made, keep
from lookalike.studio.history.looking import AT_ONCE, Looking
from lookalike.studio.jobs.queue import Asked, Queue
from lookalike.studio.shelf import Shelf
from lookalike.studio.studio import Studio
from tests.studio.conftest import Count, Counting, Gate, finished, until

RED = np.array([1, 0, 0], np.float32)


def colours(_: object, pictures: Sequence[Image.Image]) -> Float[np.ndarray, "pictures width"]:
    """A CLIP that sees colours."""
    first = np.stack([np.asarray(one.convert("RGB"), np.float32)[0, 0] for one in pictures])
    return first / np.linalg.norm(first, axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def _seen_by_colour(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing but a test's own pictures, without the names that others saved."""
    monkeypatch.setattr("lookalike.studio.history.looking.looked_at", colours)
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / "library"))


@pytest.fixture
def backbone() -> Backbone:
    made = create_autospec(Backbone, instance=True)
    made.has_clip, made.clip.sha256, made.folder = True, "clip", None
    made.decode.side_effect = lambda latents: [Image.new("RGB", (8, 8)) for _ in latents]
    return made


@pytest.fixture
def looking(database: Database, shelf: Shelf) -> Looking:
    return Looking(database, shelf)


def shown(colour: str, **more: object) -> Made:
    return Made("picture", colour, png_bytes(Image.new("RGB", (2, 2), colour)), record=more)


def kept(database: Database, shelf: Shelf, *made: Made) -> None:
    queue = Queue(database)
    name = queue.add(Asked("count", {}, "mini"))
    assert keep(database, shelf, name, made)


def alike(history: History) -> list[str]:
    return [one.text for one in history.like(RED, "clip")]


def test_what_was_kept_is_found_by_likeness_once_it_was_looked_at(
    database: Database, shelf: Shelf, looking: Looking, backbone: Backbone
) -> None:
    history = History(database, shelf)
    kept(database, shelf, shown("blue"), shown("red"), Made("grid", "both", b"grid"))
    assert (alike(history), looking.left()) == ([], 2)
    history.placed(looking.look(backbone))
    assert (alike(history), looking.left(), looking.look(backbone)) == (["red", "blue"], 0, [])


def test_what_was_not_looked_at_when_the_studio_died_is_looked_at_later(
    database: Database, shelf: Shelf, backbone: Backbone
) -> None:
    kept(database, shelf, *(shown(f"#ff00{number:02x}") for number in range(AT_ONCE + 1)))
    Looking(database, shelf).look(backbone)
    later = Looking(Database(database.path), shelf)
    assert later.left() == 1
    [last] = later.look(backbone)
    assert History(database, shelf).vector(last)[1] == "clip"


def test_what_is_looked_at_late_is_found_behind_what_was_seen_before_it(
    database: Database, shelf: Shelf, looking: Looking, backbone: Backbone
) -> None:
    history = History(database, shelf)
    placed = Made("picture", "seen at once", vector=RED, space="clip")
    kept(database, shelf, shown("red"), placed)
    assert alike(history) == ["seen at once"]
    history.placed(looking.look(backbone))
    assert sorted(alike(history)) == ["red", "seen at once"]


def test_a_character_is_found_by_its_portrait_and_a_description_by_its_picture(
    database: Database, shelf: Shelf, looking: Looking, backbone: Backbone
) -> None:
    face = Image.new("RGB", (2, 2), "red")
    portrait = Made("picture", "portrait", png_bytes(face), picture=face)
    card = Made("character", "card", b"card", "safetensors", picture=face)
    kept(database, shelf, portrait, card)
    kept(database, shelf, Made("description", "words", file=shelf.put(png_bytes(face))))
    looking.look(backbone)
    assert sorted(alike(History(database, shelf))) == ["card", "portrait", "words"]


def test_what_cannot_be_seen_is_left_behind(
    database: Database, shelf: Shelf, looking: Looking, backbone: Backbone
) -> None:
    kept(database, shelf, shown("red", withheld=True), shown("blue"), Made("picture", "none"))
    shelf.drop(shelf.put(shown("blue").data or b""))  # for want of space, say
    assert len(looking.look(backbone)) == 3
    assert (alike(History(database, shelf)), looking.left()) == ([], 0)


class Seeing(Counting):
    """Sessions of one model, with a CLIP."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self._only = super().of("none")
        vars(self._only.models)["backbone"] = backbone

    def of(self, model: str) -> Session:
        return self._only


@pytest.fixture
def seeing(counting: None, backbone: Backbone, tmp_path: Path) -> Iterator[Studio]:
    with Studio(tmp_path / "data", Seeing(backbone)) as studio:
        yield studio


def test_a_job_is_done_before_its_picture_is_looked_at_and_then_it_is(
    seeing: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.studio.jobs.worker.QUIET", 0.5)
    done = finished(seeing, seeing.submit("count", Count(to=200)))
    assert (done.state, seeing.looking.left()) == ("done", 1)
    until(lambda: seeing.looking.left() == 0)
    near = seeing.history.like(RED, "clip")
    assert [one.id for one in near] == [one.id for one in done.items]


def test_a_search_looks_first_at_what_nobody_has_looked_at(
    seeing: Studio, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.studio.studio.looked_at", colours)
    done = finished(seeing, seeing.submit("count", Count(to=200)))
    gate.open.clear()
    seeing.submit("count", Count())  # the worker has no rest
    [item] = done.items
    assert [one.id for one in seeing.like(item.picture or "")] == [item.id]
    gate.open.set()
