"""The sentence encoder: the same places as its makers' own code, from wherever it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from torch.nn.functional import normalize

from lookalike.core.errors import ModelError
from lookalike.models.sentences import HUB, LONGEST, Sentences, _packaged
from tests.models.hub_cache import put_into_cache

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
