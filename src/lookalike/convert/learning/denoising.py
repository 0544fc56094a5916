"""Learning by denoising pictures under a prompt, through any backbone's face."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Bool, Float, Int64
from PIL.Image import Image
from pydantic import Field
from torch import Tensor

from lookalike.convert.base import Resolution
from lookalike.core.embedding import Embedding
from lookalike.models.backbone import Backbone
from lookalike.train.task import Recipe, Task
from lookalike.train.together import dealt

Latents = Float[Tensor, "batch channels height width"]


def denoising_loss(
    backbone: Backbone,
    clean: Latents,
    conditioning: Embedding,
    levels: Int64[Tensor, " batch"],
    noise: Latents,
) -> Float[Tensor, ""]:
    """The mean square error of what a model was trained to predict: noise, velocity or sample.

    With a the cumulative alpha, an error e of the clean latents is an error of
    sqrt(a / (1 - a)) e in the noise and of sqrt(1 / (1 - a)) e in the velocity.
    """
    alpha = alphas(backbone)[levels].reshape(-1, 1, 1, 1).to(clean)
    noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
    seen = backbone.denoise(noisy, levels, conditioning)
    weight = {"sample": torch.ones_like(alpha), "v_prediction": 1 / (1 - alpha)}.get(
        backbone.prediction, alpha / (1 - alpha)
    )
    return (weight * (seen - clean).square()).mean()


_alphas: WeakKeyDictionary[Backbone, Tensor] = WeakKeyDictionary()


def alphas(backbone: Backbone) -> Float[Tensor, " levels"]:
    """The cumulative alphas of a model's training levels, kept with it."""
    if backbone not in _alphas:
        _alphas[backbone] = backbone.scheduler(1).alphas_cumprod.float()
    return _alphas[backbone]


class DenoisingRecipe(Recipe):
    """Base of recipes that learn from the denoising of a few pictures."""

    pictures: str = Field(default="", description="SHA-256 of the pictures that it learns from.")
    caption_drop: float = Field(
        default=0.1, ge=0, le=1, description="The share of samples without any prompt."
    )
    resolution: Resolution = None


LARGE = 96 * 96
"""Places of latents above which a U-Net's activations are computed twice and not kept."""


@contextmanager
def trainable(backbone: Backbone, recipe: DenoisingRecipe) -> Iterator[None]:
    """A block in which the U-Net learns as befits it.

    On a CPU its attention is the one whose backward pass is fast; at large sizes (SDXL's 1024
    pixels) it keeps the states between its blocks alone (Chen et al. 2016, gradient checkpointing).
    """
    side = backbone.latent[-1] * (recipe.resolution or backbone.pixels) // backbone.pixels
    with ExitStack() as stack:
        if backbone.device.type == "cpu":
            stack.enter_context(_attending(backbone.unet))
        if side * side > LARGE:
            backbone.unet.enable_gradient_checkpointing()
            stack.callback(backbone.unet.disable_gradient_checkpointing)
        yield


@contextmanager
def _attending(unet: Any) -> Iterator[None]:
    from lookalike.models.attending import Learning

    own = dict(unet.attn_processors)
    unet.set_attn_processor(Learning())
    try:
        yield
    finally:
        unet.set_attn_processor(own)


R = TypeVar("R", bound=DenoisingRecipe)


class DenoisingTask(Task[R]):
    """Base of tasks whose loss is that of denoising pictures under a prompt that is learnt."""

    def __init__(self, backbone: Backbone, pictures: Sequence[Image], recipe: R) -> None:
        self.recipe, self.backbone, self.count = recipe, backbone, len(pictures)
        self.levels = len(alphas(backbone))
        with torch.no_grad():
            side = recipe.resolution or backbone.pixels
            self.latents = backbone.encode(pictures, (side, side)).float()
            self.blank = backbone.unconditional()

    @abstractmethod
    def prompt(self, which: Int64[Tensor, " batch"], chance: torch.Generator) -> Embedding:
        """What the U-Net reads for the chosen pictures, one row each, open to gradients.

        They are this process's own, where several learn together.
        """

    def loss(self, step: int) -> tuple[Float[Tensor, ""], dict[str, float]]:
        """The error of one batch."""
        chance = self.chance(step)
        whole = self.order(step, self.count)
        which = dealt(whole)
        clean = self.latents[which.to(self.latents.device)]
        levels = dealt(torch.randint(0, self.levels, (len(whole),), generator=chance))
        shape = len(whole), *clean.shape[1:]
        noise = dealt(torch.randn(shape, generator=chance)).to(clean)
        prompt = self.prompt(which, chance)
        drop = dealt(torch.rand(len(whole), generator=chance) < self.recipe.caption_drop)
        prompt = where(drop, self.blank.repeat(len(which)), prompt)
        return denoising_loss(self.backbone, clean, prompt, levels, noise), {}


def where(which: Bool[Tensor, " batch"], one: Embedding, other: Embedding) -> Embedding:
    """The rows of `one` where `which` is true, and those of `other` elsewhere."""
    chosen = which.to(other.tokens.device)
    pooled = None
    if one.pooled is not None and other.pooled is not None:
        pooled = torch.where(chosen[:, None], one.pooled.to(other.pooled), other.pooled)
    tokens = torch.where(chosen[:, None, None], one.tokens.to(other.tokens), other.tokens)
    return replace(other, tokens=tokens, pooled=pooled)
