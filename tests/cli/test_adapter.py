"""IP-Adapters on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.adapters import save_adapter
from tests.cli.conftest import Ask
from tests.engine.tiny import noise_picture
from tests.models.tiny_checkpoints import make_tiny

FEW = ("--steps", "1", "--count", "1", "--seed", "3")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An own folder with a picture and an adapter whose name has a blank."""
    monkeypatch.chdir(tmp_path)
    noise_picture().save("hero.png")
    save_adapter(Path("my adapter.safetensors"), make_tiny("sd1").unet, 24, gain=4)


def test_a_picture_is_read_by_the_adapter_that_is_named(ask: Ask, tiny: str) -> None:
    words = ("imagine", "hero.png", "a cat", "--model", tiny, *FEW)
    assert ask([*words, "--adapter", "my adapter.safetensors", "--out", "."]).code == 0
    assert "adapter   my adapter.safetensors" in ask(["recipe", "imagine-001.png"]).out
    Path("my adapter.safetensors").unlink()
    broken = ask(["again", "imagine-001.png"])
    assert broken.code != 0
    assert broken.err.count("\n") == 1
    assert "there is no weight file my adapter.safetensors" in broken.err


def test_a_wrong_adapter_is_one_line(ask: Ask, tiny: str) -> None:
    Path("notes.bin").write_text("no weights")
    for words in (
        ("hero.png", "a cat", "--adapter", "notes.bin"),
        ("hero.png a cat --adapter notes.bin",),
        ("hero.png::1::ip-adapter", "a cat"),
    ):
        answer = ask(["imagine", *words, "--model", tiny, *FEW])
        assert answer.code != 0
        assert answer.out == ""
        assert answer.err.count("\n") == 1
