"""What Stable Diffusion 1, 2 and XL have in common: a U-Net over latents of a VAE."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from PIL import Image as PillowImage
from PIL import ImageOps
from PIL.Image import Image, Resampling
from torch import Tensor

from lookalike.core.embedding import Embedding, join
from lookalike.core.errors import ModelError, OptionError
from lookalike.core.records import GUIDANCE
from lookalike.models.adjusting import adjusted
from lookalike.models.backbone import Backbone, Site
from lookalike.models.clip import Clip
from lookalike.models.parts import Parts
from lookalike.models.quiet import quiet
from lookalike.models.samplers import sampler
from lookalike.models.sites import attention_sites
from lookalike.models.towers import TextTower, batches

# What of a checkpoint's scheduler is about the model; the rest is about one way of sampling it.
NOISE_KEYS = (
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "timestep_spacing",
    "steps_offset",
    "rescale_betas_zero_snr",
)


DECODED_CELLS = 64 * 64
"""Cells of latents that are decoded at once: small pictures together, large ones each alone."""


class LatentDiffusion(Backbone):
    """A Backbone made of loaded parts; a family adds how its U-Net is told about the text."""

    def __init__(
        self,
        parts: Parts,
        name: str = "",
        sha256: str = "",
        find_clip: Callable[[LatentDiffusion], Clip] | None = None,
        has_clip: bool = False,
        guidance: float | None = None,
    ) -> None:
        """Take parts that are on their device already; `find_clip` is called at first need."""
        config = parts.unet.config
        self.family = parts.family
        self.name, self.sha256 = name, sha256
        self.unet, self.vae, self.towers = parts.unet, parts.vae, parts.towers
        self.folder, self.scheduler_config = parts.folder, parts.scheduler_config
        self.device, self.dtype = parts.unet.device, parts.unet.dtype
        self.space = space(parts.family, parts.towers)
        self.length = parts.towers[0].length
        self.width = int(config.cross_attention_dim)
        side = config.sample_size if isinstance(config.sample_size, int) else config.sample_size[0]
        self.factor = 2 ** (len(self.vae.config.block_out_channels) - 1)
        self.latent = (int(self.vae.config.latent_channels), side, side)
        self.pixels = side * self.factor
        self.prediction = self.scheduler_config.get("prediction_type", "epsilon")
        self.guidance = GUIDANCE if guidance is None else guidance
        self._blank_is_zero = parts.blank_is_zero
        self._find_clip, self._has_clip = find_clip, has_clip
        self._clip: Clip | None = None
        self._blank: Embedding | None = None
        self._grey: dict[tuple[int, int], Tensor] = {}

    @property
    def has_clip(self) -> bool:
        """Whether `clip` is at hand without a download."""
        return self._has_clip or self._clip is not None

    @property
    def clip(self) -> Clip:
        """The CLIP whose text tower this model reads; ModelError when none can be had."""
        if self._clip is None:
            if self._find_clip is None:
                raise ModelError(f"{self.name} has no vision tower; name its CLIP with --clip")
            self._clip = self._find_clip(self)
        return self._clip

    def ends(self, texts: Sequence[str]) -> Int[Tensor, " batch"]:
        """Give the index of each text's end token."""
        return self.towers[-1].ends(texts)

    def cut(self, text: str) -> str:
        """Give the end of a text that the tokenizer would cut off, or an empty text."""
        return self.towers[-1].cut(text)

    def embed(self, texts: Sequence[str]) -> Embedding:
        """Read texts into the states that the U-Net attends to."""
        read = [self._read(batch) for batch in batches(texts)]
        pooled = [each for _, each in read if each is not None]
        return Embedding(
            tokens=torch.cat([tokens for tokens, _ in read]),
            pooled=torch.cat(pooled) if pooled else None,
            space=self.space,
        )

    def at_ends(self, texts: Sequence[str]) -> Embedding:
        """Give of each text the state at its end token alone; the towers are causal."""
        found: list[Embedding] = []
        for batch in batches(texts):
            tokens, pooled = self._read(batch, short=True)
            ends = self.ends(batch).to(tokens.device)
            rows = torch.arange(len(batch), device=tokens.device)
            found.append(Embedding(tokens[rows, ends][:, None], pooled, self.space))
        return join(found)

    def unconditional(self) -> Embedding:
        """Give the embedding of no text at all, which is read once and kept."""
        if self._blank is None:
            with torch.no_grad():
                self._blank = self.embed([""])
        return self._blank

    @abstractmethod
    def _read(self, texts: Sequence[str], *, short: bool = False) -> tuple[Tensor, Tensor | None]:
        """Give token states and the pooled vector, if the family has one, of one batch.

        `short` leaves out the states behind the longest text.
        """

    @abstractmethod
    def added(self, x: Tensor, conditioning: Embedding) -> dict[str, Tensor] | None:
        """Give what the U-Net is told beside the token states."""

    def encode(
        self, pictures: Sequence[Image], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Turn pictures into latents of unit scale; `size` is (width, height), native by default.

        Latents are the mean of the VAE's posterior: the same picture, the same latents.
        """
        size = size or (self.pixels, self.pixels)
        if any(side % self.factor or side < self.factor for side in size):
            shape = f"{size[0]} x {size[1]}"
            raise OptionError(f"{self.name} wants multiples of {self.factor} pixels, not {shape}")
        shift, scale = self._latent_scale
        # One at a time, so that a picture's latents do not depend on its neighbours.
        latents = [
            self._exact(self._latents, self._pixels(picture, size)).float() for picture in pictures
        ]
        return (torch.cat(latents) - shift) * scale

    def decode(self, latents: Float[Tensor, "batch channels height width"]) -> list[Image]:
        """Turn latents into pictures."""
        shift, scale = self._latent_scale
        unscaled = latents.to(self.device, torch.float32) / scale + shift
        height, width = latents.shape[-2:]
        at_once = max(1, DECODED_CELLS // (height * width))
        decoded = [self._exact(self._decoded, some) for some in unscaled.split(at_once)]
        return [_picture(each) for some in decoded for each in some]

    def _latents(self, pixels: Tensor) -> Tensor:
        return self.vae.encode(pixels).latent_dist.mean

    def _decoded(self, latents: Tensor) -> Tensor:
        return self.vae.decode(latents, return_dict=False)[0]

    def _exact(self, run: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Run a half of the VAE; one that overflows float16 goes on in float32 for good."""
        done = run(x.to(self.vae.dtype))
        if self.vae.dtype == torch.float16 and not done.isfinite().all():
            with quiet():
                self.vae.to(torch.float32)
            done = run(x.float())
        return done

    @property
    def _latent_scale(self) -> tuple[float, float]:
        config = self.vae.config
        return float(config.get("shift_factor") or 0.0), float(config.scaling_factor)

    def _pixels(self, picture: Image, size: tuple[int, int]) -> Float[Tensor, "1 3 height width"]:
        fitted = ImageOps.fit(picture.convert("RGB"), size, Resampling.LANCZOS)
        values = torch.from_numpy(np.asarray(fitted, dtype=np.float32)) / 127.5 - 1
        return values.permute(2, 0, 1)[None].to(self.device)

    def denoise(
        self,
        x: Float[Tensor, "batch read height width"],
        level: Tensor,
        conditioning: Embedding,
    ) -> Float[Tensor, "batch channels height width"]:
        """Predict the clean latents (float32) in noisy ones; `level` is a training timestep.

        With a = cumulative alpha, x = sqrt(a) clean + sqrt(1 - a) noise. Velocity is that of
        Salimans & Ho (2022): sqrt(a) noise - sqrt(1 - a) clean.
        """
        conditioning.require(self.space)
        x, level = x.to(self.device, torch.float32), level.to(self.device)
        whole = self._with_mask(x) if self.inpaints else x
        x = whole[:, : self.latent[0]]
        with adjusted(self.unet, conditioning.adjustment):
            told = self.unet(
                whole.to(self.dtype),
                level,
                encoder_hidden_states=self._spread(conditioning.tokens, x),
                added_cond_kwargs=self.added(x, conditioning),
                return_dict=False,
            )[0].float()
        alpha = self._alphas.to(self.device)[level.long()].reshape(-1, 1, 1, 1)
        if self.prediction == "sample":
            return told
        if self.prediction == "v_prediction":
            return alpha.sqrt() * x - (1 - alpha).sqrt() * told
        return (x - (1 - alpha).sqrt() * told) / alpha.sqrt()

    def _with_mask(
        self, x: Float[Tensor, "batch read height width"]
    ) -> Float[Tensor, "batch whole height width"]:
        """Latents with the mask and the kept latents that an inpainting U-Net reads behind them.

        Where none are given, everything may change, and what is kept is grey.
        """
        if x.shape[1] != self.latent[0]:
            return x
        height, width = x.shape[-2:]
        if (width, height) not in self._grey:
            size = (width * self.factor, height * self.factor)
            with torch.no_grad():
                grey = self.encode([PillowImage.new("RGB", size, "#808080")], size)
            self._grey[width, height] = grey
        kept = self._grey[width, height].expand_as(x)
        return torch.cat([x, x.new_ones(len(x), 1, height, width), kept], 1)

    def _spread(self, tensor: Tensor, x: Tensor) -> Tensor:
        """Bring a conditioning tensor to the U-Net, once for each of the batch."""
        placed = tensor.to(self.device, self.dtype)
        return placed.expand(len(x), *placed.shape[1:])

    @cached_property
    def _alphas(self) -> Float[Tensor, " levels"]:
        return self.scheduler(1).alphas_cumprod.float()

    def scheduler(self, steps: int) -> Any:
        """Give a sampler over this model's noise that takes clean predictions.

        DPM-Solver++(2M) (Lu et al., 2022), unless `compute` names another. Thresholding and other
        sigma spacings stay off, whatever the checkpoint's own sampler did.
        """
        config = self.scheduler_config
        noise = {key: config[key] for key in NOISE_KEYS if config.get(key) is not None}
        with quiet():
            made = sampler(self.compute.sampler, noise)
            made.set_timesteps(steps, device=self.device)
        return made

    @property
    def sites(self) -> list[Site]:
        """The U-Net's attention layers in the order they run."""
        return attention_sites(self.unet)


def space(family: str, towers: Sequence[TextTower]) -> str:
    """Name the space of a family's embeddings: two models share it when they share text towers."""
    marks = [tower.fingerprint for tower in towers]
    mark = marks[0] if len(marks) == 1 else hashlib.sha256("".join(marks).encode()).hexdigest()
    return f"{family}:{mark}"[:24]


def _picture(values: Float[Tensor, "3 height width"]) -> Image:
    levels = ((values.float() / 2 + 0.5).clamp(0, 1) * 255).round().to("cpu", torch.uint8)
    return PillowImage.fromarray(levels.permute(1, 2, 0).contiguous().numpy())
