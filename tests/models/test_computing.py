"""A model runs as it is asked to: with a LoRA, in tiles, with another sampler."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from lookalike.core.compute import Compute
from lookalike.core.errors import ModelError
from lookalike.core.files import sha256
from lookalike.models.store import Models

LAYER = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"


def lora(folder: Path, part: str = "unet", wide: int = 128) -> tuple[Path, Tensor]:
    """A LoRA of rank 2 for one layer, and what it adds there."""
    chance = torch.Generator().manual_seed(0)
    a, b = (torch.randn(shape, generator=chance) for shape in ((2, wide), (wide, 2)))
    path = folder / "lora.safetensors"
    save_file({f"{part}.{LAYER}.lora_A.weight": a, f"{part}.{LAYER}.lora_B.weight": b}, path)
    return path, b @ a


def weight(compute: Compute | None = None) -> Tensor:
    with Models("cpu", compute=compute).use("mini") as backbone:
        return backbone.unet.get_parameter(f"{LAYER}.weight").detach()


def test_a_lora_adds_its_product_times_its_weight(tmp_path: Path) -> None:
    path, added = lora(tmp_path)
    found = weight(Compute(lora=str(path), lora_weight=0.5)) - weight()
    torch.testing.assert_close(found, 0.5 * added, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("part", "wide", "said"),
    [
        ("text_encoder", 128, "has nothing for a U-Net"),
        ("unet", 96, "cannot load .*lora.safetensors"),
        ("nothing", 128, "has nothing for a U-Net"),
    ],
)
def test_a_lora_of_something_else_is_refused_in_one_line(
    tmp_path: Path, part: str, wide: int, said: str
) -> None:
    path, _ = lora(tmp_path, part, wide)
    with pytest.raises(ModelError, match=said) as fault:
        weight(Compute(lora=str(path)))
    assert "\n" not in str(fault.value)


def test_a_file_that_is_no_lora_is_refused(tmp_path: Path) -> None:
    save_file({"conv.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    (tmp_path / "text.safetensors").write_text("not weights at all")
    with pytest.raises(ModelError, match="is not a LoRA"):
        weight(Compute(lora=str(tmp_path / "other.safetensors")))
    with pytest.raises(ModelError, match=r"text\.safetensors"):
        weight(Compute(lora=str(tmp_path / "text.safetensors")))
    with pytest.raises(ModelError, match="there is no LoRA"):
        weight(Compute(lora=str(tmp_path / "none.safetensors")))


def test_a_lora_that_has_changed_is_refused(tmp_path: Path) -> None:
    path, _ = lora(tmp_path)
    known = Compute(lora=str(path), lora_sha256=sha256(path))
    weight(known)
    lora(tmp_path, wide=96)
    with pytest.raises(ModelError, match="its SHA-256 is another"):
        weight(known)


def test_tiles_show_the_same_picture_but_for_their_edges() -> None:
    latents = torch.randn(1, 4, 40, 40, generator=torch.Generator().manual_seed(0))
    made = []
    for compute in (Compute(), Compute(tiles=True)):
        with Models("cpu", compute=compute).use("mini") as backbone:
            made.append(np.asarray(backbone.decode(latents)[0], int))
    assert made[0].shape == made[1].shape
    assert np.abs(made[0] - made[1]).mean() < 8


@pytest.mark.parametrize("sampler", ["unipc", "lcm"])
def test_every_sampler_ends_at_what_a_model_that_knows_the_picture_tells(
    sampler: str,
) -> None:
    clean = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    with Models("cpu", compute=Compute.read(sampler)).use("mini") as backbone:
        found = backbone.scheduler(4)
    x = noise * found.init_noise_sigma
    for level in found.timesteps:
        x = found.step(clean, level, x, return_dict=False)[0]
    torch.testing.assert_close(x, clean, rtol=1e-3, atol=1e-2)


def test_models_that_run_so_already_are_kept() -> None:
    models = Models("cpu", compute=Compute(tiles=True))
    with models.use("mini") as backbone:
        assert models.running(backbone.compute, "mini") is models
    assert models.running(None, "mini").compute == Compute(dtype="float32")
    assert (plain := Models("cpu")).running(None, "mini") is plain
    assert models.running(Compute(dtype="bfloat16"), "mini").compute.dtype == "bfloat16"
