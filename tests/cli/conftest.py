"""Fixtures: a small random model in a folder, pictures good and bad, and the command in process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from lookalike.cli.main import run
from lookalike.models.backbone import Backbone
from lookalike.models.spec import ModelSpec
from lookalike.models.store import Models
from tests.models.tiny_checkpoints import make_clip, make_tiny


@dataclass(frozen=True)
class Answer:
    """What one command said: its exit code, and its two streams."""

    code: int
    out: str
    err: str


Ask = Callable[[Sequence[str]], Answer]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A random SD 1 checkpoint of 32 pixels, with its CLIP, as a folder."""
    made = make_tiny("sd1")
    made.unet.register_to_config(sample_size=16)
    folder = made.save(tmp_path_factory.mktemp("models") / "tiny")
    make_clip(made).save_pretrained(folder / "clip")
    return str(folder)


@pytest.fixture(autouse=True)
def keep_warm(monkeypatch: pytest.MonkeyPatch, warm: dict[tuple[str, ...], Backbone]) -> None:
    """Load each model once for all tests: a command starts cold, but a test need not."""
    load = Models._load

    def kept(self: Models, spec: ModelSpec) -> Backbone:
        key = (spec.source, str(self.device), str(spec.bytes), str(self.compute))
        if key not in warm:
            warm[key] = load(self, spec)
        return warm[key]

    monkeypatch.setattr(Models, "_load", kept)


@pytest.fixture(scope="session")
def warm() -> dict[tuple[str, ...], Backbone]:
    """The models that were loaded so far."""
    return {}


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs a command line in this process."""

    def command(arguments: Sequence[str]) -> Answer:
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        streams = capsys.readouterr()
        return Answer(code, streams.out, streams.err)

    return command


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests, so that the model's hash and the bank are computed once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of the test's own, and nothing of the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOOKALIKE_CACHE", str(shared_cache))
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / ".library"))
    monkeypatch.delenv("LOOKALIKE_MODELS", raising=False)
    monkeypatch.delenv("LOOKALIKE_TRACEBACK", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path


@pytest.fixture
def picture(own_place: Path) -> str:
    """A picture with an orange square, as a PNG in the working folder."""
    made = Image.new("RGB", (40, 40), "#205080")
    made.paste("#ee8800", (10, 10, 30, 30))
    made.save(own_place / "square.png")
    return "square.png"
