"""Fixtures: small checkpoints in memory and on disk, and folders that are the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's cache, models and hub out of every test, and the network too."""
    from huggingface_hub import constants

    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LOOKALIKE_CACHE", str(cache))
    monkeypatch.delenv("LOOKALIKE_MODELS", raising=False)
    # The hub's client reads HF_HOME and HF_HUB_OFFLINE once, when it is first imported.
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return cache


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Run on one thread: models this small spend more time on sharing work than on doing it."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tinies() -> dict[str, Any]:
    """One small checkpoint of each family; not to be changed by a test."""
    from tests.models.tiny_checkpoints import FAMILIES, make_tiny

    return {family: make_tiny(family) for family in FAMILIES}


@pytest.fixture(scope="session")
def folders(tinies: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The small checkpoints as diffusers folders; not to be changed by a test."""
    root = tmp_path_factory.mktemp("folders")
    return {family: tiny.save(root / family) for family, tiny in tinies.items()}


@pytest.fixture(scope="session")
def files(tinies: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The small checkpoints as single files in the original layout."""
    from benchmarks.original_layout import save_original

    root = tmp_path_factory.mktemp("files")
    return {
        family: save_original(tiny, root / f"{family}.safetensors")
        for family, tiny in tinies.items()
    }


@pytest.fixture(scope="session")
def originals(tinies: dict[str, Any]) -> dict[str, Any]:
    """Backbones made of the checkpoints in memory, never saved or loaded."""
    import torch

    from lookalike.models.sd import StableDiffusion
    from lookalike.models.sdxl import StableDiffusionXL

    def made(family: str) -> Any:
        parts = tinies[family].parts().to(torch.device("cpu"), torch.float32)
        return (StableDiffusionXL if family == "sdxl" else StableDiffusion)(parts, family)

    return {family: made(family) for family in tinies}
