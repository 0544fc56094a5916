"""The loss of denoising, through any backbone's face, and a U-Net that is ready for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.models.backbone import Backbone

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


def alphas(backbone: Backbone) -> Float[Tensor, " levels"]:
    """The cumulative alphas of a model's training levels."""
    return backbone.scheduler(1).alphas_cumprod.float()


@contextmanager
def trainable(backbone: Backbone) -> Iterator[None]:
    """A block in which the U-Net's attention is the plain one: on a CPU its backward is faster."""
    from diffusers.models.attention_processor import AttnProcessor

    if backbone.device.type != "cpu":
        yield
        return
    own = dict(backbone.unet.attn_processors)
    backbone.unet.set_attn_processor(AttnProcessor())
    try:
        yield
    finally:
        backbone.unet.set_attn_processor(own)
