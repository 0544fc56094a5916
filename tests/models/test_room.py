"""Too little memory is said before anything is loaded, with what is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lookalike.core.errors import ModelError
from lookalike.models import room
from lookalike.models.store import Models
from tests.models.tiny_checkpoints import FAMILIES

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    "family", [pytest.param(each, marks=pytest.mark.slow) for each in FAMILIES[:-1]] + ["sdxl"]
)
def test_the_need_is_that_of_the_weights(family: str, folders: dict[str, Path]) -> None:
    with Models("cpu", "float32").use(str(folders[family])) as backbone:
        modules = (backbone.unet, backbone.vae, *(tower.model for tower in backbone.towers))
        held = sum(each.nbytes for module in modules for each in module.state_dict().values())
    assert room.weight_bytes(folders[family], torch.float32) == pytest.approx(held, rel=0.01)
    assert room.weight_bytes(folders[family], torch.bfloat16) == pytest.approx(held / 2, rel=0.01)


def test_too_little_memory_is_said_with_what_would_do(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda _: 1000)
    with (
        pytest.raises(ModelError, match=r"takes 0.0 GiB of memory in float32, and 0.0 are free; w"),
        Models("cpu", "float32").use(str(folders["sd1"])),
    ):
        pass
    with pytest.raises(ModelError, match=r"in bfloat16, and 0.0 are free$"):
        room.check_room(folders["sd1"], "sd1", CPU, torch.bfloat16)
