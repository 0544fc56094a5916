"""A studio without a model, which counts instead of making pictures, and one with mini."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import create_autospec

import pytest
import torch
from PIL import Image

from lookalike.engine.run import Progress
from lookalike.models.backbone import Backbone
from lookalike.models.store import Models
from lookalike.session import Run, Session
from lookalike.studio import requests as ask
from lookalike.studio.database import Database
from lookalike.studio.history.keeping import Made
from lookalike.studio.records import ENDED, Job
from lookalike.studio.sessions import Sessions
from lookalike.studio.shelf import Shelf
from lookalike.studio.studio import Studio
from lookalike.studio.verbs import VERBS, Verb


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Nothing of the user's is read or written."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOKALIKE_CACHE", str(folder / "cache"))
        patch.setenv("LOOKALIKE_LIBRARY", str(folder / "library"))
        patch.setenv("LOOKALIKE_STUDIO", str(folder / "studio"))
        patch.delenv("LOOKALIKE_MODELS", raising=False)
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield folder


@pytest.fixture(scope="session")
def sessions(home: Path) -> Sessions:
    """Mini, loaded once for all tests."""
    return Sessions()


@pytest.fixture(autouse=True)
def _at_home(home: Path) -> None:
    """For every test of this room."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "studio.db")
    yield made
    made.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "files").mkdir()
    return Shelf(tmp_path / "files")


class Count(ask.Request):
    """Count up to a number; at `fails_at` something goes wrong."""

    to: int = 3
    fails_at: int = 0
    pixels: int = 4


@dataclass
class Gate:
    """Lets a count go on, step by step or for good."""

    open: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    begun: int = 0


def _decoded(latents: torch.Tensor) -> list[Image.Image]:
    return [Image.new("RGB", (8, 8), "red") for _ in latents]


class _Models(Models):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = create_autospec(Backbone, instance=True)
        self.backbone.has_clip, self.backbone.folder = False, None
        self.backbone.decode.side_effect = _decoded

    def at_hand(self, model: str) -> None:
        return None

    @contextmanager
    def use(self, model: object) -> Iterator[Backbone]:
        yield self.backbone


class _Session(Session):
    def __init__(self) -> None:
        super().__init__()
        self.models = _Models()


class Counting(Sessions):
    """Sessions of no model at all."""

    def __init__(self) -> None:
        self.model = "none"

    def of(self, model: str) -> Session:
        return _Session()


@pytest.fixture
def gate() -> Gate:
    made = Gate()
    made.open.set()
    return made


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    """The verb `count`, in the table."""

    def work(asked: Count) -> Generator[Progress, None, int]:
        gate.begun += 1
        for number in range(asked.to):
            gate.reached.set()
            assert gate.open.wait(10)
            if number + 1 == asked.fails_at:
                raise RuntimeError("out of numbers")
            yield Progress(number + 1, asked.to, torch.zeros(1, 1, 1, 1))
        return asked.to

    def made(outcome: int, asked: Count) -> list[Made]:
        picture = Image.new("RGB", (asked.pixels, asked.pixels), (outcome % 256, 0, 0))
        from lookalike.core.pictures import png_bytes

        data = png_bytes(picture)
        return [Made("picture", f"up to {outcome}", data, picture=picture, size=picture.size)]

    table = {**VERBS, "count": Verb(Count, lambda _, asked: Run(work(asked)), made)}
    for module in ("accepting", "jobs.doing", "jobs.several", "jobs.joint", "jobs.mates"):
        monkeypatch.setattr(f"lookalike.studio.{module}.VERBS", table)


@pytest.fixture
def counter(counting: None, tmp_path: Path) -> Iterator[Studio]:
    with Studio(tmp_path / "data", Counting()) as studio:
        yield studio


Waits = Callable[..., Job]


def finished(studio: Studio, job: Job, seconds: float = 60.0) -> Job:
    """The job when it has ended."""
    until(lambda: studio.job(job.id).state in ENDED, seconds)
    return studio.job(job.id)


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something to become true."""
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.01)
