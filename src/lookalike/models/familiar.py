"""Whether a picture is like those that a model was trained on, by a stated measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from PIL.Image import Image
from safetensors.torch import load_file, save
from torch import Tensor

from lookalike.core.files import write_bytes
from lookalike.models.backbone import Backbone

NAME = "gauge.safetensors"
SHRINK = 0.05
"""Share of the mean variance that is added to every direction, so that none counts as certain."""
TAIL = 0.999
"""Share of held-out pictures of the model's own world that count as familiar."""


@dataclass(frozen=True)
class Familiarity:
    """How far a picture is from a model's training pictures; 1 is the limit.

    `look` is the Mahalanobis distance of the vision tower's pooled output from that of training
    pictures, `texture` the root mean square error of the autoencoder's round trip, both as
    multiples of what 999 of 1000 held-out pictures stay under.
    """

    look: float
    texture: float

    @property
    def distance(self) -> float:
        """The larger of the two."""
        return max(self.look, self.texture)

    @property
    def known(self) -> bool:
        """Whether the picture is like the training pictures."""
        return self.distance <= 1


Gauge = dict[str, Tensor]


@torch.no_grad()
def _pooled(backbone: Backbone, pictures: Sequence[Image]) -> Float[Tensor, "batch vision"]:
    return backbone.clip.see(pictures, fit="pad").pooled.cpu()


@torch.no_grad()
def _texture(backbone: Backbone, pictures: Sequence[Image]) -> Float[Tensor, " batch"]:
    size = (backbone.pixels, backbone.pixels)
    squares = [p.convert("RGB").resize(size) for p in pictures]
    back = backbone.decode(backbone.encode(squares))
    pairs = zip(squares, back, strict=True)
    return torch.stack([(_bytes(a) - _bytes(b)).square().mean().sqrt() for a, b in pairs])


def _bytes(picture: Image) -> Tensor:
    return torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).float() / 255


def _distance(gauge: Gauge, pooled: Float[Tensor, "batch vision"]) -> Float[Tensor, " batch"]:
    away = (pooled - gauge["mean"]) @ gauge["whiten"]
    return away.norm(dim=1)


def measure(backbone: Backbone, training: Sequence[Image], held_out: Sequence[Image]) -> Gauge:
    """A gauge from training pictures, its limits from pictures that were held out."""
    pooled = _pooled(backbone, training)
    mean, spread = pooled.mean(0), torch.cov(pooled.T)
    values, vectors = torch.linalg.eigh(spread)
    whiten = vectors / (values.clamp_min(0) + SHRINK * values.mean()).sqrt()
    gauge = {"mean": mean, "whiten": whiten}
    look = _distance(gauge, _pooled(backbone, held_out))
    texture = _texture(backbone, held_out)
    return gauge | {"look": look.quantile(TAIL), "texture": texture.quantile(TAIL)}


def save_gauge(gauge: Gauge, folder: Path) -> None:
    """Write a gauge beside a model's weights."""
    write_bytes(folder / NAME, save({k: v.contiguous() for k, v in gauge.items()}))


def familiarity(backbone: Backbone, pictures: Sequence[Image]) -> list[Familiarity] | None:
    """How familiar each picture is to the model; None for models that bring no gauge."""
    path = backbone.folder / NAME if backbone.folder else None
    if path is None or not path.exists():
        return None
    gauge = load_file(path)
    looks = _distance(gauge, _pooled(backbone, pictures)) / gauge["look"]
    textures = _texture(backbone, pictures) / gauge["texture"]
    return [Familiarity(float(a), float(b)) for a, b in zip(looks, textures, strict=True)]
