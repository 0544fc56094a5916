"""Fixtures: the packaged mini, renderings with their captions, one cache for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
import torch
from PIL.Image import Image

from lookalike.models.backbone import Backbone
from lookalike.models.store import Models
from lookalike.world.caption import caption
from lookalike.world.look import Look, looks
from lookalike.world.render import render


@pytest.fixture(scope="session", autouse=True)
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache that is not the user's, in which a bank is embedded once for all tests."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOKALIKE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("LOOKALIKE_MODELS", raising=False)
        yield


@pytest.fixture(scope="session")
def mini(shared_cache: None) -> Iterator[Backbone]:
    """The model in the package; not to be changed by a test."""
    with Models(device="cpu").use("mini") as backbone:
        yield backbone


@pytest.fixture(scope="session")
def shown() -> list[Look]:
    """Looks of the test split, no two of them with the same caption."""
    found = {caption(one): one for one in islice(looks("test"), 20)}
    assert len(found) == 20
    return list(found.values())


@pytest.fixture(scope="session")
def pictures(mini: Backbone, shown: list[Look]) -> list[Image]:
    """The renderings of `shown` at the model's own size."""
    return [render(one, mini.pixels) for one in shown]
