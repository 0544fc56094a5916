"""Backbone: one face for every generator, so that nothing above asks which one it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from PIL.Image import Image
from torch import Tensor

from lookalike.core.compute import Compute
from lookalike.core.embedding import Embedding
from lookalike.core.records import GUIDANCE
from lookalike.models.clip import Clip
from lookalike.models.towers import TextTower

Place = Literal["down", "mid", "up"]


@dataclass(frozen=True)
class Site:
    """One attention layer of a U-Net: what it attends to, where it lies, and its module path."""

    kind: Literal["self", "cross"]
    place: Place
    index: int  # among the layers of this kind in this place, in the order they run
    path: str


class Backbone(ABC):
    """A latent diffusion model: it reads texts, sees pictures, and takes noise out of latents."""

    family: Literal["sd1", "sd2", "sdxl"]
    name: str
    sha256: str  # of the weight files
    space: str  # the name of its embeddings' space: family and text tower
    device: torch.device
    dtype: torch.dtype
    length: int  # tokens a text may have, start and end included
    width: int  # of one token's state, as the U-Net reads it
    pixels: int  # the side it was trained at
    latent: tuple[int, int, int]  # channels, height, width at that side
    scheduler_config: dict[str, Any]
    guidance: float = GUIDANCE  # how strictly its prompts are followed, if nothing else is asked
    prediction: str  # what the U-Net was trained to tell: epsilon, v_prediction or sample
    folder: Path | None  # where files that belong to the model lie beside its weights
    towers: Sequence[TextTower]  # that `embed` reads; the last one is the tower of `clip`
    unet: Any
    vae: Any
    compute: Compute = Compute()  # how it runs; what it was asked for is resolved

    @property
    def inpaints(self) -> bool:
        """Whether the U-Net also reads a mask, and the latents of what is kept of a picture."""
        return int(self.unet.config.in_channels) == 2 * self.latent[0] + 1

    @property
    @abstractmethod
    def has_clip(self) -> bool:
        """Whether `clip` is at hand without a download."""

    @property
    @abstractmethod
    def clip(self) -> Clip:
        """The CLIP whose text tower this model reads; ModelError when none can be had."""

    @abstractmethod
    def embed(self, texts: Sequence[str]) -> Embedding:
        """Read texts into the states that the U-Net attends to."""

    @abstractmethod
    def at_ends(self, texts: Sequence[str]) -> Embedding:
        """Give what `embed` has at each text's end token, one token a text.

        Texts are read no further than the longest: of a hundred short phrases, most of what
        `embed` reads is padding.
        """

    def unconditional(self) -> Embedding:
        """Give the embedding of no text at all, as the model knows it from its training."""
        return self.embed([""])

    @abstractmethod
    def ends(self, texts: Sequence[str]) -> Int[Tensor, " batch"]:
        """Give the index of each text's end token."""

    @abstractmethod
    def cut(self, text: str) -> str:
        """Give the end of a text that the tokenizer would cut off, or an empty text."""

    @abstractmethod
    def encode(
        self, pictures: Sequence[Image], size: tuple[int, int] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Turn pictures into latents of unit scale; `size` is (width, height), native by default.

        A picture of another shape covers that size and loses what hangs over, evenly on both sides.
        """

    @abstractmethod
    def decode(self, latents: Float[Tensor, "batch channels height width"]) -> list[Image]:
        """Turn latents into pictures."""

    @abstractmethod
    def denoise(
        self,
        x: Float[Tensor, "batch read height width"],
        level: Tensor,
        conditioning: Embedding,
    ) -> Float[Tensor, "batch channels height width"]:
        """Predict the clean latents (float32) in noisy ones; `level` is a training timestep.

        The face is the same for models trained to predict noise, velocity or the sample.
        A conditioning of one embedding serves the whole batch. For a model that inpaints, a mask
        and the latents of what is kept may follow the noisy latents; without them all may change.
        """

    @abstractmethod
    def added(self, x: Tensor, conditioning: Embedding) -> dict[str, Tensor] | None:
        """Give what the U-Net is told beside the token states, for latents `x`."""

    @abstractmethod
    def scheduler(self, steps: int) -> Any:
        """Give a fresh diffusers scheduler of that many steps that takes clean predictions."""

    @property
    @abstractmethod
    def sites(self) -> list[Site]:
        """The U-Net's attention layers in the order they run."""
