"""The list of models on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ask


def test_models_in_the_named_folder_are_listed(
    ask: Ask, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKALIKE_MODELS", str(Path(tiny).parent))
    listed = json.loads(ask(["models", "--json"]).out)
    [mine] = [each for each in listed if each["name"] == "tiny"]
    assert (mine["family"], mine["licence"]) == ("sd1", "unknown")
    assert mine["bytes"] > 1000
    shown = ask(["models"]).out
    assert "tiny" in shown
    assert "sd1" in shown


def test_mini_is_listed_with_licence_size_and_hash(ask: Ask) -> None:
    [mini] = [each for each in json.loads(ask(["models", "--json"]).out) if each["name"] == "mini"]
    assert mini["licence"] == "Apache-2.0"
    assert 1_000_000 < mini["bytes"] < 64 * 2**20
    assert len(mini["sha256"]) == 64
