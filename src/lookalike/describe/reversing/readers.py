"""Readers: networks that place a picture where the sentence encoder places its prompt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float, UInt8
from PIL.Image import Image
from torch import Tensor, nn
from torch.nn.functional import normalize, pad

from lookalike.describe.reversing.vision import Given, given_of
from lookalike.models.backbone import Backbone
from lookalike.models.halves import FirstHalf
from lookalike.train.together import dealt, whole

Kind = Literal["white", "clip", "tower"]


@dataclass(frozen=True)
class Inputs:
    """All that readers read of some pictures; what no reader asks for is left empty.

    `seen` are CLIP's projected features at length 1, `pixels` what CLIP's tower sees, as bytes,
    `latents` the VAE's, and `captions` what a describer said, never a true prompt.
    """

    seen: Float[Tensor, "pictures shared"]
    pixels: UInt8[Tensor, "pictures 3 side side"]
    latents: Float[Tensor, "pictures channels height width"]
    captions: Sequence[str]

    def __len__(self) -> int:
        return len(self.seen)

    def take(self, which: Tensor | slice) -> Inputs:
        """Some of the pictures, in the order of `which`."""
        places = torch.arange(len(self))[which]
        captions = [self.captions[int(i)] for i in places]
        return Inputs(self.seen[places], self.pixels[places], self.latents[places], captions)


def inputs_of(backbone: Backbone, pictures: Sequence[Image], captions: Sequence[str]) -> Inputs:
    """What readers read of pictures, each with its caption."""
    clip = backbone.clip
    with torch.no_grad():
        seen = normalize(clip.see(pictures).projected.float(), dim=-1).cpu()
        latents = backbone.encode(pictures).cpu()
    return Inputs(seen, bytes_of(backbone, pictures), latents, list(captions))


def bytes_of(backbone: Backbone, pictures: Sequence[Image]) -> UInt8[Tensor, "pictures 3 s s"]:
    """Pictures as CLIP's tower sees them, before its scaling."""
    import numpy as np

    fit = backbone.clip.preprocess.fit
    every = [np.asarray(fit(picture.convert("RGB"), "crop")) for picture in pictures]
    return torch.from_numpy(np.stack(every)).permute(0, 3, 1, 2).contiguous()


class Reader(nn.Module, ABC):
    """Base: something of a picture, a linear layer into the sentence space, and the vocabulary.

    The vocabulary head reads the regressed vector (Croitoru et al. 2024, joint objective): it is
    an aid in training, and the modifier detector in use.
    """

    kind: ClassVar[Kind]
    fragile: ClassVar[tuple[str, ...]] = ()
    """How the names of weights begin that were trained before and should move slowly."""

    def __init__(self, features: int, width: int, words: int) -> None:
        super().__init__()
        self.regress = nn.Linear(features, width)
        self.words = nn.Linear(width, words) if words else None

    @abstractmethod
    def features(
        self, backbone: Backbone, inputs: Inputs, chance: torch.Generator | None = None
    ) -> Float[Tensor, "batch features"]:
        """What is read of pictures; with `chance` as in training."""

    def forward(
        self, backbone: Backbone, inputs: Inputs, chance: torch.Generator | None = None
    ) -> tuple[Float[Tensor, "batch width"], Float[Tensor, "batch words"] | None]:
        """Places at length 1, and the words' logits."""
        places = normalize(self.regress(self.features(backbone, inputs, chance)).float(), dim=-1)
        return places, self.logits(places)

    def logits(self, places: Float[Tensor, "batch width"]) -> Float[Tensor, "batch words"] | None:
        """How likely each word of the vocabulary is in the prompt, before the sigmoid."""
        # Scaled to unit variance: a head that read vectors of length 1 would hardly learn.
        return None if self.words is None else self.words(places * places.shape[-1] ** 0.5)


class White(Reader):
    """White box: the Backbone's own U-Net encoder and middle block over clean latents.

    Timestep 0, no noise, the caption's embedding as context; the middle block's maximum over all
    places goes into the linear layer.
    """

    kind: ClassVar[Kind] = "white"
    fragile: ClassVar[tuple[str, ...]] = ("encoder.",)

    def __init__(self, backbone: Backbone, width: int, words: int) -> None:
        half = FirstHalf(backbone.unet)
        super().__init__(half.width, width, words)
        self.encoder = half

    def features(
        self, backbone: Backbone, inputs: Inputs, chance: torch.Generator | None = None
    ) -> Float[Tensor, "batch features"]:
        """The greatest of each channel over all places."""
        place = self.regress.weight.device
        with torch.no_grad():
            told = backbone.embed(list(inputs.captions))
            latents = inputs.latents.to(place, torch.float32)
            added = backbone.added(latents, told)
        tokens = told.tokens.to(place, torch.float32)
        return self.encoder(latents, tokens, added).flatten(2).amax(2)


class ClipMlp(Reader):
    """Black box: CLIP's frozen image embedding and a deep head.

    The paper's has two hidden layers of 8192 (GELU, batch normalisation, dropout 0.5).
    """

    kind: ClassVar[Kind] = "clip"

    def __init__(self, backbone: Backbone, width: int, words: int, *, hidden: int = 8192) -> None:
        super().__init__(hidden, width, words)
        shared = backbone.clip.visual_projection.shape[0]
        self.first, self.second = nn.Linear(shared, hidden), nn.Linear(hidden, hidden)
        self.norms = nn.ModuleList([nn.BatchNorm1d(hidden), nn.BatchNorm1d(hidden)])
        self.dropped = 0.5

    def features(
        self, backbone: Backbone, inputs: Inputs, chance: torch.Generator | None = None
    ) -> Float[Tensor, "batch features"]:
        """The last hidden layer."""
        # CLIP's features are of length 1: at unit variance the first layer starts as it should.
        x = inputs.seen.to(self.regress.weight) * inputs.seen.shape[-1] ** 0.5
        for layer, norm in zip((self.first, self.second), self.norms, strict=True):
            x = _dropped(nn.functional.gelu(norm(layer(x))), self.dropped, chance)
        return x


def _dropped(x: Tensor, share: float, chance: torch.Generator | None) -> Tensor:
    """Dropout whose chance comes in by the door; none without."""
    if chance is None:
        return x
    drawn = dealt(torch.rand((whole(len(x)), *x.shape[1:]), generator=chance))
    kept = drawn.to(x.device) >= share
    return x * kept / (1 - share)


class Tower(Reader):
    """Black box: a vision tower that is fine-tuned whole, CLIP's own or another."""

    kind: ClassVar[Kind] = "tower"
    fragile: ClassVar[tuple[str, ...]] = ("net.",)

    def __init__(self, backbone: Backbone, width: int, words: int, given: Given) -> None:
        vision = given.vision(backbone)
        super().__init__(given.width, width, words)
        self.net: Any = vision.float().requires_grad_(True)
        # Fused attention has a slow backward pass on the CPU.
        self.net.config._attn_implementation = "eager"
        if given.scratch:
            self.net.apply(_forgotten)
        self.preprocess = given.preprocess(backbone)

    def features(
        self, backbone: Backbone, inputs: Inputs, chance: torch.Generator | None = None
    ) -> Float[Tensor, "batch features"]:
        """The pooled output, after the last layer norm."""
        pixels = inputs.pixels.to(self.regress.weight) / 255
        side = self.preprocess.side
        if pixels.shape[-1] != side:
            pixels = nn.functional.interpolate(pixels, (side, side), mode="bicubic").clamp(0, 1)
        shifted = pixels if chance is None else _shifted(pixels, chance)
        mean, deviation = (
            shifted.new_tensor(each)[:, None, None]
            for each in (self.preprocess.mean, self.preprocess.deviation)
        )
        said = self.net(pixel_values=(shifted - mean) / deviation)
        pooled = getattr(said, "pooler_output", None)
        return (said.last_hidden_state[:, 0] if pooled is None else pooled).flatten(1)


SHIFT = 1 / 32
"""The share of a side by which pictures move at most in training; they are never mirrored."""


def _shifted(
    pixels: Float[Tensor, "batch 3 side side"], chance: torch.Generator
) -> Float[Tensor, "batch 3 side side"]:
    """Each picture moved a little, its edges repeated."""
    side = pixels.shape[-1]
    most = max(1, round(side * SHIFT))
    wide = pad(pixels, (most,) * 4, mode="replicate")
    drawn = torch.randint(0, 2 * most + 1, (whole(len(pixels)), 2), generator=chance)
    corners = dealt(drawn).tolist()
    cut = [each[:, y : y + side, x : x + side] for each, (y, x) in zip(wide, corners, strict=True)]
    return torch.stack(cut)


def _forgotten(part: nn.Module) -> None:
    """Draw a layer's weights anew, as its kind begins."""
    if isinstance(part, nn.Linear | nn.Conv2d | nn.Embedding | nn.LayerNorm):
        part.reset_parameters()


def reader_of(
    kind: Kind, backbone: Backbone, width: int, words: int, options: Mapping[str, Any]
) -> Reader:
    """An untrained reader of a kind, its new layers drawn from torch's generator."""
    if kind == "white":
        return White(backbone, width, words)
    if kind == "clip":
        return ClipMlp(backbone, width, words, hidden=int(options.get("hidden", 8192)))
    return Tower(backbone, width, words, given_of(backbone, options))
