"""Training of mini's U-Net: v-prediction on cached latents, reading fresh captions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers.models.attention_processor import AttnProcessor
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from jaxtyping import Bool, Float, Int64
from safetensors.torch import load_file, save
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from lookalike.core.files import write_bytes
from lookalike.mini.clip import tokens
from lookalike.mini.data import as_tensor, captions, scaled
from lookalike.mini.recipe import UnetRecipe
from lookalike.mini.vae import posterior
from lookalike.train.task import Task
from lookalike.world.dataset import Dataset

States = Float[Tensor, "batch tokens width"]


def build(recipe: UnetRecipe, side: int, channels: int, width: int) -> UNet2DConditionModel:
    """An untrained U-Net for latents of `side` and `channels` and text states of `width`."""
    down = ["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in recipe.attention]
    up = ["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(recipe.attention)]
    shape: dict[str, Any] = dict(
        sample_size=side,
        in_channels=channels,
        out_channels=channels,
        down_block_types=tuple(down),
        up_block_types=tuple(up),
        block_out_channels=recipe.widths,
        layers_per_block=recipe.layers,
        cross_attention_dim=width,
        # Heads, not their width: diffusers keeps the misnomer for compatibility.
        attention_head_dim=tuple(max(1, w // recipe.head) for w in recipe.widths),
        norm_num_groups=recipe.groups,
    )
    return UNet2DConditionModel(**shape)


def noise_schedule() -> DDIMScheduler:
    """SD's noise levels with zero terminal SNR, so that flat bright and dark grounds come true.

    Lin et al. (2023), "Common Diffusion Noise Schedules and Sample Steps are Flawed".
    """
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def encode_all(vae: AutoencoderKL, data: Dataset, batch: int = 128) -> Iterator[Tensor]:
    """The posterior means of all pictures, scaled to unit variance, batch by batch."""
    pictures = as_tensor(data)
    factor = float(vae.config["scaling_factor"])
    for start in range(0, len(pictures), batch):
        # Not as a decorator: around a generator that another decorator wraps, it ends too early.
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            mean = posterior(vae, scaled(pictures[start : start + batch])).mean
        yield (mean.float() * factor).half()


def cached_latents(vae: AutoencoderKL, data: Dataset, path: Path) -> Float[Tensor, "n c h w"]:
    """All latents of a data set, computed once and kept at `path`."""
    if path.exists():
        return load_file(path)["latents"]
    # Laid out as they are when read back: another layout takes other kernels, and then a resumed
    # run would differ in the last digits.
    latents = torch.cat(list(encode_all(vae, data))).contiguous()
    write_bytes(path, save({"latents": latents}))
    return latents


def without_words(
    states: States, ends: Int64[Tensor, " batch"], which: Bool[Tensor, " batch"]
) -> States:
    """Replace the word states of `which` captions by their EOS state; SOS, EOS and pads stay."""
    place = torch.arange(states.shape[1]).expand(len(states), -1)
    words = (place > 0) & (place < ends[:, None]) & which[:, None]
    eos = states[torch.arange(len(states)), ends]
    return torch.where(words[..., None], eos[:, None], states)


class UnetTask(Task[UnetRecipe]):
    """The mean square error of v at a random noise level, under fresh captions."""

    name = "unet"

    def __init__(
        self,
        recipe: UnetRecipe,
        data: Dataset,
        latents: Float[Tensor, "n c h w"],
        text: CLIPTextModel,
        tokenizer: CLIPTokenizer,
    ) -> None:
        self.recipe = recipe
        torch.manual_seed(recipe.schedule.seed)
        width = text.config.hidden_size
        self.module = build(recipe, latents.shape[-1], latents.shape[1], width)
        # Fused attention has a slow backward pass on the CPU: the plain one is twice as fast.
        self.module.set_attn_processor(AttnProcessor())
        self.data, self.latents = data, latents
        self.text, self.tokenizer = text.eval().requires_grad_(False), tokenizer
        self.text.set_attn_implementation("sdpa")  # no backward pass: the fused one is faster
        self.levels = noise_schedule().alphas_cumprod.float()

    def read(self, texts: list[str], chance: torch.Generator) -> States:
        """Text states with captions and words dropped in the recipe's shares."""
        empty = torch.rand(len(texts), generator=chance) < self.recipe.caption_drop
        bare = torch.rand(len(texts), generator=chance) < self.recipe.word_drop
        kept = ["" if e else t for e, t in zip(empty.tolist(), texts, strict=True)]
        ids = tokens(self.tokenizer, kept)
        with torch.no_grad():
            states = self.text(input_ids=ids).last_hidden_state
        end: Any = self.tokenizer.eos_token_id
        ends = torch.eq(ids, end).int().argmax(1)
        return without_words(states, ends, bare & ~empty)

    def loss(self, step: int) -> tuple[Float[Tensor, ""], dict[str, Any]]:
        """The error of one batch."""
        chance = self.chance(step)
        which = self.order(step, len(self.data))
        states = self.read(captions(self.data, which, chance), chance)
        clean = self.latents[which].float()
        noise = torch.randn(clean.shape, generator=chance)
        level = torch.randint(0, len(self.levels), (len(clean),), generator=chance)
        signal = self.levels[level].sqrt()[:, None, None, None]
        spread = (1 - self.levels[level]).sqrt()[:, None, None, None]
        found = self.module(signal * clean + spread * noise, level, states).sample
        # v of Salimans and Ho (2022): what turns noise and picture into one another.
        error = found.float() - (signal * noise - spread * clean)
        return error.square().mean(), {}
