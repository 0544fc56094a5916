"""A checkpoint is loaded in the precision asked for, at no more than it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from lookalike.core.errors import ModelError
from lookalike.models.store import Models
from tests.models.tiny_checkpoints import FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_a_half_precision_unet_never_stands_in_memory_in_full(
    family: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    from lookalike.models import folder

    load = folder.load_part

    def watched(kind: Any, place: Path, variant: str | None, dtype: Any) -> Any:
        asked.append((place.name, dtype))
        return load(kind, place, variant, dtype)

    monkeypatch.setattr(folder, "load_part", watched)
    with Models("cpu", "bfloat16").use(str(folders[family])) as backbone:
        assert dict(asked)["unet"] is torch.bfloat16
        assert {each.dtype for each in backbone.unet.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_read_in_half_precision_is_what_was_rounded_to_it(
    family: str, folders: dict[str, Path], originals: dict[str, Any]
) -> None:
    with Models("cpu", "bfloat16").use(str(folders[family])) as backbone:
        for ours, exact in zip(
            backbone.unet.parameters(), originals[family].unet.parameters(), strict=True
        ):
            assert torch.equal(ours, exact.to(torch.bfloat16))


def test_one_variable_sets_the_precision_of_every_command(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKALIKE_DTYPE", "bfloat16")
    with Models("cpu").use(str(folders["sd1"])) as backbone:
        assert backbone.dtype is torch.bfloat16
    with Models("cpu", "float32").use(str(folders["sd1"])) as backbone:
        assert backbone.dtype is torch.float32
    monkeypatch.setenv("LOOKALIKE_DTYPE", "half")
    with (
        pytest.raises(ModelError, match=r"LOOKALIKE_DTYPE is 'half'; it can be auto, float32"),
        Models("cpu").use(str(folders["sd1"])),
    ):
        pass
