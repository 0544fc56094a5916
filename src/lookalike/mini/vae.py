"""Training of mini's autoencoder."""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from jaxtyping import Float, UInt8
from torch import Tensor

from lookalike.mini.data import CPU, as_tensor, placed, scaled, sent
from lookalike.mini.recipe import VaeRecipe
from lookalike.train.task import Task
from lookalike.train.together import dealt, whole
from lookalike.world.dataset import Dataset

Pictures = Float[Tensor, "batch 3 height width"]


def build(recipe: VaeRecipe, pixels: int) -> AutoencoderKL:
    """An untrained autoencoder of the recipe's shape."""
    levels = len(recipe.widths)
    shape: dict[str, Any] = dict(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=recipe.widths,
        layers_per_block=recipe.layers,
        latent_channels=recipe.latent,
        norm_num_groups=recipe.groups,
        sample_size=pixels,
        mid_block_add_attention=False,
    )
    vae = AutoencoderKL(**shape)
    # Latents start almost without noise: the decoder has something to read from the first step.
    with torch.no_grad():
        last: Any = vae.quant_conv
        last.bias[recipe.latent :] = -4.0
    return vae


def posterior(vae: Any, pictures: Pictures) -> Any:
    """The normal distribution of latents that the autoencoder sees in pictures."""
    return vae.encode(pictures).latent_dist


def edges(difference: Pictures) -> Float[Tensor, ""]:
    """Mean absolute difference of neighbouring pixels of an error picture."""
    down = (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()
    right = (difference[..., 1:] - difference[..., :-1]).abs().mean()
    return down + right


DECODING = ("decoder.", "post_quant_conv.")
"""How the names of weights begin that turn latents into pictures."""


class VaeTask(Task[VaeRecipe]):
    """Reconstruction (L1, L2, edges) and a small divergence from the normal distribution."""

    called = "vae"
    shared = True

    def __init__(self, recipe: VaeRecipe, data: Dataset, device: torch.device = CPU) -> None:
        self.recipe = recipe
        torch.manual_seed(recipe.schedule.seed)
        self.module = placed(build(recipe, data.pictures.shape[1]), device)
        if recipe.decoder_alone:
            for name, weight in self.module.named_parameters():
                weight.requires_grad_(name.startswith(DECODING))
        self.pictures = as_tensor(data).to(device)

    def loss(self, step: int) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        """The weighted sum of the terms; also the step's PSNR in dB."""
        which = dealt(self.order(step, len(self.pictures)))
        pictures = scaled(self.pictures[sent(which, self.pictures.device)])
        found = posterior(self.module, pictures)
        shape = whole(len(which)), *found.mean.shape[1:]
        noise = dealt(torch.randn(shape, generator=self.chance(step)))
        noise = sent(noise, pictures.device).to(pictures)
        back = self.module.decode(found.mean + found.std * noise).sample
        error = back.float() - pictures
        square = error.square().mean()
        loss = error.abs().mean() + self.recipe.l2 * square + self.recipe.edge * edges(error)
        psnr = 10 * torch.log10(4 / square.detach())
        # Per latent value, so that the weight does not depend on the size of the picture.
        divergence = found.kl().float().mean() / noise[0].numel()
        return loss + self.recipe.kl * divergence, {"psnr": psnr}


@torch.no_grad()
def latent_scale(
    vae: AutoencoderKL, pictures: UInt8[Tensor, "count 3 height width"], batch: int = 128
) -> float:
    """The factor that gives latents unit variance: the `scaling_factor` of the config."""
    means = [posterior(vae, scaled(each.to(vae.device))).mean for each in pictures.split(batch)]
    return float(1 / torch.cat(means).float().std())
