"""The sentence encoder: the same places as its makers' own code, from wherever it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.models.sentences import Sentences, _packaged

TEXTS = [
    "a red fox in the snow, oil on canvas",
    "",
    "portrait of a robot with blue eyes, highly detailed, artstation, 8k",
    "A Red Fox in the Snow, oil on canvas",
    "naïve café — 猫 🦊",
]


@pytest.fixture(scope="module")
def folder() -> Path:
    """The packaged encoder's own folder."""
    found = _packaged()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def sentences(folder: Path) -> Sentences:
    return Sentences.load(folder)
