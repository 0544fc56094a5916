"""Training of mini's U-Net: v-prediction on cached latents, reading fresh captions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from lookalike.core.files import write_bytes
from lookalike.mini.ahead import Captions, tokens
from lookalike.mini.data import CPU, as_tensor, captions, placed, scaled, sent
from lookalike.mini.next import Next
from lookalike.mini.recipe import UnetRecipe
from lookalike.mini.tokenizer import LENGTH
from lookalike.mini.vae import posterior
from lookalike.train.task import Task
from lookalike.train.together import dealt
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
        shown = pictures[start : start + batch].to(vae.device)
        # Not as a decorator: around a generator that another decorator wraps, it ends too early.
        with torch.no_grad(), torch.autocast(vae.device.type, torch.bfloat16):
            mean = posterior(vae, scaled(shown)).mean
        yield (mean.float() * factor).half().cpu()


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
    place = torch.arange(states.shape[1], device=states.device).expand(len(states), -1)
    words = (place > 0) & (place < ends[:, None]) & which[:, None]
    eos = states[torch.arange(len(states), device=states.device), ends]
    return torch.where(words[..., None], eos[:, None], states)


@dataclass(frozen=True)
class Draw:
    """All that chance decides in one step, for the whole batch, on the CPU."""

    which: Int64[Tensor, " batch"]
    ids: Int64[Tensor, "batch tokens"]
    empty: Bool[Tensor, " batch"]  # captions that give way to the empty one
    bare: Bool[Tensor, " batch"]  # captions whose words give way to the EOS state
    noise: Float[Tensor, "batch c h w"]
    level: Int64[Tensor, " batch"]

    def taken(self, device: torch.device) -> Draw:
        """This process's rows, on a device."""
        return Draw(*(sent(dealt(getattr(self, each)), device) for each in Draw.__annotations__))


class UnetTask(Task[UnetRecipe]):
    """The mean square error of v at a random noise level, under fresh captions."""

    called = "unet"
    shared = True

    def __init__(
        self,
        recipe: UnetRecipe,
        data: Dataset,
        latents: Float[Tensor, "n c h w"],
        text: CLIPTextModel,
        tokenizer: CLIPTokenizer,
        captions: Captions | None = None,
        device: torch.device = CPU,
    ) -> None:
        """`captions` are those that were drawn ahead; without them each step draws its own."""
        self.recipe, self.device = recipe, device
        torch.manual_seed(recipe.schedule.seed)
        width = text.config.hidden_size
        module = build(recipe, latents.shape[-1], latents.shape[1], width)
        if device.type == "cpu":
            # Fused attention has a slow backward pass on the CPU: the plain one is twice as fast.
            module.set_attn_processor(AttnProcessor())
        self.module: Any = placed(module, device)
        self.data, self.latents, self.captions = data, latents.to(device), captions
        self.text: Any = text.eval().requires_grad_(False)
        self.text.to(device)
        self.text.set_attn_implementation("sdpa")  # no backward pass: the fused one is faster
        end: Any = tokenizer.eos_token_id
        self.tokenizer, self.end = tokenizer, int(end)
        self.blank = tokens(tokenizer, [""])
        self.levels = noise_schedule().alphas_cumprod.float().to(device)
        self.next = Next(self.draw, device)

    def draw(self, step: int) -> Draw:
        """What chance decides in a step; nothing but its number is needed to know it."""
        chance = self.chance(step)
        which = self.order(step, len(self.data))
        ids = self._ids(which, chance)
        empty = torch.rand(len(which), generator=chance) < self.recipe.caption_drop
        bare = torch.rand(len(which), generator=chance) < self.recipe.word_drop
        noise = torch.randn((len(which), *self.latents.shape[1:]), generator=chance)
        level = self.levels_of(len(which), chance)
        return Draw(which, ids, empty, bare, noise, level)

    def levels_of(self, count: int, chance: torch.Generator) -> Int64[Tensor, " batch"]:
        """Noise levels: uniform, but for a share around the middle (Esser et al. 2024, 3.1)."""
        level = torch.randint(0, len(self.levels), (count,), generator=chance)
        if not self.recipe.middle:
            return level
        near = torch.sigmoid(torch.randn(count, generator=chance)) * len(self.levels)
        pick = torch.rand(count, generator=chance) < self.recipe.middle
        return torch.where(pick, near.long(), level)

    def _ids(
        self, which: Int64[Tensor, " batch"], chance: torch.Generator
    ) -> Int64[Tensor, "batch tokens"]:
        if self.captions is None:
            return tokens(self.tokenizer, captions(self.data, which, chance))
        pick = torch.randint(self.captions.shape[1], which.shape, generator=chance)
        found = self.captions[which, pick].long()
        return functional.pad(found, (0, LENGTH - found.shape[1]), value=self.end)

    def read(
        self,
        ids: Int64[Tensor, "batch tokens"],
        empty: Bool[Tensor, " batch"],
        bare: Bool[Tensor, " batch"],
    ) -> States:
        """Text states of captions, of which some are dropped and some lose their words."""
        kept = torch.where(empty[:, None], self.blank.to(ids), ids)
        with torch.no_grad():
            states = self.text(input_ids=kept).last_hidden_state
        ends = torch.eq(kept, self.end).int().argmax(1)
        return without_words(states, ends, bare & ~empty)

    def loss(self, step: int) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        """The error of one batch."""
        drawn = self.next(step).taken(self.device)
        states = self.read(drawn.ids, drawn.empty, drawn.bare)
        clean = self.latents[drawn.which].float()
        signal = self.levels[drawn.level].sqrt()[:, None, None, None]
        spread = (1 - self.levels[drawn.level]).sqrt()[:, None, None, None]
        found = self.module(signal * clean + spread * drawn.noise, drawn.level, states).sample
        # v of Salimans and Ho (2022): what turns noise and picture into one another.
        error = found.float() - (signal * drawn.noise - spread * clean)
        return error.square().mean(), {}
