"""Small random checkpoints of all three families, with the structure of the real ones."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
)

from lookalike.models.parts import Parts
from lookalike.models.towers import TextTower
from lookalike.models.vocabulary import clip_tokenizer

FAMILIES = ("sd1", "sd2", "sdxl")
VOCABULARY = {"vocab_size": 49408, "bos_token_id": 49406, "eos_token_id": 49407}
SCHEDULE = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}


def text_config(width: int, layers: int, act: str, shared: int) -> CLIPTextConfig:
    """A text tower with heads of 64 or one head, as every CLIP here has."""
    return CLIPTextConfig(
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=max(1, width // 64),
        hidden_act=act,
        projection_dim=shared,
        pad_token_id=49407 if act == "quick_gelu" else 0,
        **VOCABULARY,
    )


TEXT = {
    "sd1": [text_config(32, 2, "quick_gelu", 24)],
    "sd2": [text_config(64, 2, "gelu", 64)],
    "sdxl": [text_config(32, 3, "quick_gelu", 24), text_config(64, 3, "gelu", 48)],
}
UNET = {
    "sd1": {
        "block_out_channels": (32, 64),
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "attention_head_dim": 8,
        "cross_attention_dim": 32,
    },
    "sd2": {
        "block_out_channels": (64, 128),
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "attention_head_dim": (1, 2),
        "cross_attention_dim": 64,
        "use_linear_projection": True,
    },
    "sdxl": {
        "block_out_channels": (64, 128),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "attention_head_dim": (1, 2),
        "cross_attention_dim": 96,
        "use_linear_projection": True,
        "transformer_layers_per_block": (1, 2),
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 48 + 6 * 8,
    },
}
SCALE = {"sd1": 0.18215, "sd2": 0.18215, "sdxl": 0.13025}
PREDICTION = {"sd1": "epsilon", "sd2": "v_prediction", "sdxl": "epsilon"}
SAMPLE = {"sd1": 64, "sd2": 96, "sdxl": 128}


@dataclass
class Tiny:
    """One small checkpoint in memory: the original against which every way of loading is held."""

    family: str
    unet: Any
    vae: Any
    texts: list[Any]
    tokenizers: list[Any]
    scheduler: Any

    def parts(self) -> Parts:
        """The checkpoint as a loader would hand it over."""
        towers = zip(self.texts, self.tokenizers, strict=True)
        return Parts(
            family=self.family,  # type: ignore[arg-type]
            unet=self.unet,
            vae=self.vae,
            towers=tuple(TextTower(text, tokenizer) for text, tokenizer in towers),
            scheduler_config=dict(self.scheduler.config),
            blank_is_zero=self.family == "sdxl",
        )

    def save(self, folder: Path, *, variant: str | None = None) -> Path:
        """Write a diffusers folder with diffusers' own pipelines."""
        from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

        if self.family == "sdxl":
            pipeline = StableDiffusionXLPipeline(
                self.vae, *self.texts, *self.tokenizers, self.unet, self.scheduler
            )
        else:
            pipeline = StableDiffusionPipeline(
                self.vae,
                self.texts[0],
                self.tokenizers[0],
                self.unet,
                self.scheduler,
                safety_checker=None,
                feature_extractor=None,
                requires_safety_checker=False,
            )
        pipeline.save_pretrained(folder, variant=variant)
        return folder


tokenizer = functools.cache(clip_tokenizer)  # takes longer to make than all else here


def make_tiny(family: str, seed: int = 0) -> Tiny:
    """Draw a small checkpoint of a family."""
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        unet = UNet2DConditionModel(sample_size=SAMPLE[family], layers_per_block=1, **UNET[family])
        vae = AutoencoderKL(
            block_out_channels=(32, 64),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            latent_channels=4,
            scaling_factor=SCALE[family],
        )
        kinds = (CLIPTextModel, CLIPTextModelWithProjection)
        # Copies: saving a model writes its precision into its config.
        configs = copy.deepcopy(TEXT[family])
        texts = [kind(config) for kind, config in zip(kinds, configs, strict=False)]
    schedule = DDIMScheduler(**SCHEDULE, prediction_type=PREDICTION[family])
    pads = {"sd1": ["<|endoftext|>"], "sd2": ["!"], "sdxl": ["<|endoftext|>", "!"]}[family]
    tokenizers = [tokenizer(pad) for pad in pads]
    return Tiny(family, unet.eval(), vae.eval(), [t.eval() for t in texts], tokenizers, schedule)


def make_clip(tiny: Tiny, seed: int = 1, extra_layers: int = 0) -> CLIPModel:
    """Draw a whole CLIP around a checkpoint's last text tower; SD 2.x's has one layer more."""
    text = tiny.texts[-1]
    config = text.config.to_dict()
    config["num_hidden_layers"] += extra_layers
    vision = {
        "hidden_size": 40,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
    }
    shared = config["projection_dim"]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        clip = CLIPModel(
            CLIPConfig(text_config=config, vision_config=vision, projection_dim=shared)
        )
    bare = getattr(text, "text_model", text)
    clip.text_model.load_state_dict(bare.state_dict(), strict=not extra_layers)
    if hasattr(text, "text_projection"):
        clip.text_projection.load_state_dict(text.text_projection.state_dict())
    return clip.eval()
