"""A place of the reader's own, with models that stay warm from page to page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import keep_warm, own_place, shared_cache, warm
from tests.docs.acting import Reader

__all__ = ["keep_warm", "own_place", "shared_cache", "warm"]


@pytest.fixture
def reader(own_place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Somebody in an empty folder."""
    for name, folder in (("STUDIO", ".studio"), ("MODELS", "checkpoints")):
        monkeypatch.setenv(f"LOOKALIKE_{name}", str(own_place / folder))
    monkeypatch.setenv("TOKEN", "")
    made = Reader(own_place)
    yield made
    made.close()
