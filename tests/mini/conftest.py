"""Fixtures: the smallest mini, trained for three steps a part and exported, once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from transformers import CLIPTokenizer

from lookalike.mini import export as exporting
from lookalike.mini import tokenizer as tokenizing
from lookalike.mini.clip import tokenizer_of
from lookalike.mini.export import export
from lookalike.mini.recipe import TRAINED, MiniRecipe, read_recipe
from lookalike.mini.training import pictures_of, train_part
from lookalike.models.backbone import Backbone
from lookalike.models.store import Models
from lookalike.world.dataset import Dataset
from tests.engine.tiny import backbone, one_thread, own_cache

__all__ = ["backbone", "one_thread", "own_cache"]


@dataclass(frozen=True)
class Place:
    """Where a mini is trained: its recipe, its run, and the pictures' cache."""

    recipe: MiniRecipe
    run: Path
    data: Path


@pytest.fixture(scope="session")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A short corpus, few pictures to calibrate on, and a cache that is not the user's."""
    whole = tokenizing.corpus
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOKALIKE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(tokenizing, "corpus", lambda: whole(200))
        patch.setattr(exporting, "CALIBRATED_ON", 10)
        yield


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, patched: None) -> Place:
    """A place with pictures and a tokenizer, where nothing is trained yet."""
    root = tmp_path_factory.mktemp("mini")
    made = Place(read_recipe(str(Path(__file__).with_name("tiny.toml"))), root / "run", root / "d")
    pictures_of(made.recipe, made.data)
    tokenizer_of(made.recipe.clip, made.run / "tokenizer")
    return made


@pytest.fixture(scope="session")
def pictures(place: Place) -> Dataset:
    """The tiny recipe's training pictures."""
    return pictures_of(place.recipe, place.data)


@pytest.fixture(scope="session")
def tokenizer(place: Place) -> CLIPTokenizer:
    """A tokenizer of 700 tokens."""
    return tokenizer_of(place.recipe.clip, place.run / "tokenizer")


@pytest.fixture(scope="session")
def losses(place: Place) -> dict[str, list[float]]:
    """The loss curve of every part and of the judge, each trained in one go."""
    torch.set_num_threads(1)
    return {
        part: [step.loss for step in train_part(part, place.recipe, place.run, place.data)]
        for part in TRAINED
    }


@pytest.fixture(scope="session")
def exported(place: Place, losses: dict[str, list[float]]) -> Path:
    """The folder with `mini` and `probe` in it."""
    out = place.run / "out"
    list(export(place.recipe, place.run, place.data, out))
    return out


@pytest.fixture(scope="session")
def mini(exported: Path) -> Iterator[Backbone]:
    """The exported mini as a backbone; not to be changed by a test."""
    with Models(device="cpu").use(str(exported / "mini")) as loaded:
        yield loaded
