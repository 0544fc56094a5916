"""What the published checkpoints have and mini has not: their configs' quirks, sizes and halves."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL
from PIL import Image

from lookalike.core.records import Settings
from lookalike.engine.plan import size_of
from lookalike.models.sd import StableDiffusion
from lookalike.models.sdxl import StableDiffusionXL
from lookalike.models.towers import TextTower
from tests.models.tiny_checkpoints import FAMILIES

CPU = torch.device("cpu")


def test_a_texts_end_is_found_whatever_the_config_says_of_its_number(
    tinies: dict[str, Any],
) -> None:
    # The configs of SD 1.5, SD 2.1 and SDXL still say 2, where the tokenizer says 49407.
    tower = TextTower(tinies["sdxl"].texts[1], tinies["sdxl"].tokenizers[1])
    old = copy.deepcopy(tower.model)
    for config in (old.config, getattr(old, "text_model", old).config):
        config.eos_token_id = 2
        config.bos_token_id, config.pad_token_id = 0, 1
    kind = type(old)
    made = kind(old.config).eval()
    made.load_state_dict(tower.model.state_dict())
    texts = ["a red cat", "!!", ""]
    with torch.no_grad():
        ours = TextTower(made, tower.tokenizer)
        torch.testing.assert_close(ours.project(texts), tower.project(texts))
        torch.testing.assert_close(ours.read(texts).text_embeds, tower.read(texts).text_embeds)


def test_a_vae_of_four_levels_makes_eight_pixels_of_a_cell(tinies: dict[str, Any]) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = AutoencoderKL(
            block_out_channels=(32, 32, 32, 32),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4,
        )
    parts = replace(tinies["sd1"].parts(), vae=vae.eval()).to(CPU, torch.float32)
    backbone = StableDiffusion(parts, "deep")
    assert (backbone.factor, backbone.pixels) == (8, 512)
    with torch.no_grad():
        latents = backbone.encode([Image.new("RGB", (90, 60))], (48, 32))
        assert latents.shape == (1, 4, 4, 6)
        assert backbone.decode(latents)[0].size == (48, 32)
    # Two levels of the U-Net: sides are multiples of 16.
    assert size_of(backbone, Settings(aspect="3:2", pixels=128)) == (160, 112)


@pytest.mark.parametrize("family", FAMILIES)
def test_half_precision_predicts_what_full_precision_does(
    family: str, tinies: dict[str, Any], originals: dict[str, Any]
) -> None:
    exact = originals[family]
    tiny = copy.copy(tinies[family])
    tiny.unet, tiny.vae = copy.deepcopy(tiny.unet), copy.deepcopy(tiny.vae)
    tiny.texts = copy.deepcopy(tiny.texts)
    kind = StableDiffusionXL if family == "sdxl" else StableDiffusion
    half = kind(tiny.parts().to(CPU, torch.bfloat16), family)
    assert half.space == exact.space
    x = torch.randn(2, 4, 8, 12, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        seen, wanted = (
            one.denoise(x, torch.tensor(300), one.embed(["a red cat"])) for one in (half, exact)
        )
    assert seen.dtype is torch.float32
    assert float((seen - wanted).norm() / wanted.norm()) < 0.03


@pytest.mark.parametrize("family", FAMILIES)
def test_the_state_at_a_texts_end_needs_none_of_the_padding(
    family: str, originals: dict[str, Any]
) -> None:
    backbone = originals[family]
    texts = ["a cat", "", "two hens and a dog", "a long text " * 60]
    with torch.no_grad():
        whole, ends = backbone.embed(texts), backbone.at_ends(texts)
    wanted = whole.tokens[torch.arange(len(texts)), backbone.ends(texts)]
    torch.testing.assert_close(ends.tokens[:, 0], wanted)
    if family == "sdxl":
        torch.testing.assert_close(ends.pooled, whole.pooled)
    asked: list[int] = []
    tower = backbone.towers[0]
    hook = tower.model.register_forward_pre_hook(lambda _, given: asked.append(given[0].shape[1]))
    with torch.no_grad():
        backbone.at_ends(texts[:3])
    hook.remove()
    assert asked == [7]
