"""The commands of characters say what they did, and refuse with one line what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from lookalike.characters.drawing import numbered_card, save_sheet
from lookalike.models.card import About, Card
from tests.cli.conftest import Answer, Ask


def card(seed: int) -> Card:
    chance = torch.Generator().manual_seed(seed)
    about = About(base="mini", space="sd1:0", model_sha256="a" * 64, made="drawn", maker="b")
    words = torch.randn(2, 192, generator=chance)
    return Card((words,), torch.randn(8, generator=chance), Image.new("RGB", (16, 16)), about)


@pytest.fixture
def sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sheet of two characters where commands look for one."""
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / "library"))
    monkeypatch.chdir(tmp_path)
    save_sheet([card(1), card(2)], Path("lookalike-out") / "characters-001")
    return Path("lookalike-out") / "characters-001"


def refused(answer: Answer, said: str) -> None:
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("lookalike: ")
    assert answer.err.count("\n") == 1
    assert said in answer.err


def test_a_character_of_the_last_sheet_is_saved_listed_and_shown(ask: Ask, sheet: Path) -> None:
    assert ask(["characters", "save", "2", "--as", "nadia"]).out == "@nadia\n"
    [row] = json.loads(ask(["characters", "list", "--json"]).out)
    assert (row["name"], row["kind"], row["role"]) == ("nadia", "character", "character")
    assert row["source"] == f"{sheet}#2"
    shown = json.loads(ask(["characters", "show", "@nadia", "--json"]).out)
    assert shown["words"] == [[2, 192]]
    assert shown["base"] == "mini"
    assert Path(shown["picture"]).is_file()


def test_what_cannot_be_saved_is_refused(ask: Ask, sheet: Path, tmp_path: Path) -> None:
    refused(ask(["characters", "save", "3", "--as", "nadia"]), "it has 1 to 2")
    assert not (tmp_path / "library").exists()
    ask(["characters", "save", "1", "--as", "nadia"])
    refused(ask(["characters", "save", "2", "--as", "nadia"]), "@nadia is taken")
    refused(ask(["characters", "save", "2", "--as", "no name"]), "is no name for the library")
    refused(ask(["characters", "save", "2", "--as", "otto", "--sheet", "gone"]), "is no sheet")
    (sheet / "2.safetensors").write_bytes(b"no card at all, but long enough to be read")
    refused(ask(["characters", "save", "2", "--as", "otto"]), "2.safetensors")
    refused(ask(["characters", "show", "@otto"]), "nothing is saved as @otto")
    refused(ask(["characters", "blend", "@nadia", "@otto", "0.3", "--as", "mix"]), "@otto")
    refused(ask(["imagine", "@otto, a person"]), "nothing is saved as @otto")
    refused(ask(["characters", "new", "--count", "0"]), "1 to 100 characters")
    refused(ask(["characters", "new", "--steps", "0"]), "--steps")
    refused(ask(["characters", "new", "--pixels", "3"]), "--pixels")


def test_portraits_take_steps_and_a_size(ask: Ask) -> None:
    line = ["characters", "new", "--count", "1", "--seed", "1", "--steps", "2", "--pixels", "32"]
    folder = Path(ask(line).out.splitlines()[0]).parent
    card = numbered_card(folder, 1)
    assert card.portrait.size == (32, 32)
    assert (card.about.steps, card.about.pixels) == (2, 32)


def test_a_training_never_takes_the_place_of_a_folder(ask: Ask, sheet: Path) -> None:
    refused(ask(["characters", "train", "--out", str(sheet)]), "it exists already")
    refused(ask(["characters", "train", "--out", "new", "--recipe", "minni"]), "did you mean mini")
