"""Architectures read off tensor shapes equal the published ones."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from benchmarks.original_layout import (
    open_clip,
    original_clip,
    original_unet,
    original_vae,
    place_upsamplers,
)
from lookalike.models import shapes
from lookalike.models.original import shapes_of

FOUR = {
    "block_out_channels": (320, 640, 1280, 1280),
    "down_block_types": (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
    "transformer_layers_per_block": (1, 1, 1, 1),
}
PUBLISHED: dict[str, dict[str, Any]] = {
    "sd1": FOUR | {"cross_attention_dim": 768, "use_linear_projection": False},
    "sd2": FOUR
    | {
        "cross_attention_dim": 1024,
        "use_linear_projection": True,
        "attention_head_dim": (5, 10, 20, 20),
    },
    "sdxl": {
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", *("CrossAttnDownBlock2D",) * 2),
        "up_block_types": (*("CrossAttnUpBlock2D",) * 2, "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 10),
        "cross_attention_dim": 2048,
        "use_linear_projection": True,
        "attention_head_dim": (5, 10, 20),
        "projection_class_embeddings_input_dim": 2816,
    },
}
XL_EXTRA = {"addition_embed_type": "text_time", "addition_time_embed_dim": 256}


@pytest.mark.parametrize("family", PUBLISHED)
def test_the_unets_of_all_families_are_recognised_at_full_size(family: str) -> None:
    from diffusers import UNet2DConditionModel

    published = PUBLISHED[family]
    extra = XL_EXTRA if family == "sdxl" else {}
    with torch.device("meta"):  # shapes without memory
        unet = UNet2DConditionModel(**{"attention_head_dim": 8} | published | extra)
    read = shapes.unet_config(shapes_of(place_upsamplers(original_unet(unet))))
    assert {key: read[key] for key in published} == published
    assert (read["in_channels"], read["out_channels"], read["layers_per_block"]) == (4, 4, 2)


def test_sdxls_size_numbers_have_the_published_width() -> None:
    assert shapes.time_width(2816, 1280) == 256


def test_the_vae_is_recognised_at_full_size() -> None:
    from diffusers import AutoencoderKL

    published = {
        "block_out_channels": (128, 256, 512, 512),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 2,
        "latent_channels": 4,
    }
    with torch.device("meta"):
        vae = AutoencoderKL(**published)
    assert shapes.vae_config(shapes_of(original_vae(vae))) == published


def test_the_text_towers_are_recognised_at_full_size() -> None:
    large = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12}
    large |= {"intermediate_size": 3072, "vocab_size": 49408, "max_position_embeddings": 77}
    big = {"hidden_size": 1280, "num_hidden_layers": 32, "num_attention_heads": 20}
    big |= {"intermediate_size": 5120, "vocab_size": 49408, "projection_dim": 1280}
    with torch.device("meta"):
        first = CLIPTextModel(CLIPTextConfig(**large))
        second = CLIPTextModelWithProjection(CLIPTextConfig(**big))
    named = {name.removeprefix("text_model."): x for name, x in original_clip(first).items()}
    read = shapes.clip_config(shapes_of(named))
    assert {key: read[key] for key in large} == large
    assert (read["bos_token_id"], read["eos_token_id"]) == (49406, 49407)
    read = shapes.open_clip_config(shapes_of(open_clip(second)))
    assert {key: read[key] for key in big} == big
