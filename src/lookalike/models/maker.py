"""Maker: a trained generator of characters in use, and the folder that it is kept in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn.functional import batch_norm, leaky_relu

from lookalike.core.about import about_of
from lookalike.core.errors import ModelError
from lookalike.core.files import building, sha256, write_bytes, write_json
from lookalike.core.record import Record, Text
from lookalike.models.backbone import Backbone
from lookalike.models.named import Words
from lookalike.models.spec import packaged

FORMAT = "lookalike-characters-1"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
FOLDER = "characters"
"""Where a model's own generator lies, beside its weights; the packaged one lies there too."""

SLOPE = 0.2
CLIMB, CLIMBED = 0.05, 100
"""Rate and steps by which a place is settled."""

MOMENTUM = 0.01
"""How fast the statistics of the generator's outputs are followed."""


class Shape(Record):
    """The generator's shape."""

    z: int = Field(default=64, ge=1, le=1024, description="Numbers that a character is made of.")
    hidden: int = Field(default=2048, ge=8, le=16384, description="Width of the hidden layers.")
    layers: int = Field(default=1, ge=1, le=8, description="Hidden layers.")


class About(Record):
    """What a generator says of itself."""

    format: str = Field(description="The kind of file.")
    base: Text = Field(description="The model that it was trained on.")
    space: Text = Field(description="The space of that model's embeddings.")
    shape: Shape = Field(description="The generator's.")
    judge: int = Field(ge=4, le=16384, description="The discriminator's first width.")
    slots: int = Field(ge=1, le=16, description="Pseudo-words of one character.")
    portrait: Text = Field(description="The prompt of portraits, with @it for the character.")
    licence: Text = Field(default="", description="Of the characters that it makes.")
    notes: Mapping[str, Any] = Field(default_factory=dict, description="How it was trained.")


class Scaled(nn.Module):
    """A linear layer of an equalised rate: weights of unit variance, scaled when they are used.

    Karras et al. (2018), Progressive Growing of GANs.
    """

    def __init__(self, inside: int, outside: int, chance: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outside, inside, generator=chance))
        self.bias = nn.Parameter(torch.zeros(outside))

    def forward(self, x: Float[Tensor, "batch inside"]) -> Float[Tensor, "batch outside"]:
        """The layer's outputs."""
        return x @ (self.weight.T / math.sqrt(self.weight.shape[1])) + self.bias


class Generator(nn.Module):
    """From z to coordinates of zero mean and unit variance along the names' main directions.

    CharacterFactory (Wang et al. 2025, arXiv 2404.15677). Differs in its last step: not a layer
    norm of each output but the statistics of the outputs are set, as those of the names will be
    put on them. So outputs that all agree are stretched apart, and their directions are the names'.
    """

    def __init__(self, shape: Shape, wide: int, chance: torch.Generator) -> None:
        """For names of `wide` main directions."""
        super().__init__()
        self.z = shape.z
        widths = [shape.z, *[shape.hidden] * shape.layers]
        self.layers = nn.ModuleList(Scaled(a, b, chance) for a, b in pairwise(widths))
        self.norms = nn.ModuleList(nn.LayerNorm(shape.hidden) for _ in self.layers)
        self.out = Scaled(shape.hidden, wide, chance)
        self.mean: Tensor
        self.variance: Tensor
        self.register_buffer("mean", torch.zeros(wide))
        self.register_buffer("variance", torch.ones(wide))

    def forward(self, z: Float[Tensor, "batch z"]) -> Float[Tensor, "batch wide"]:
        """Coordinates; in training, by the statistics of this batch, which are followed."""
        return batch_norm(
            self.raw(z), self.mean, self.variance, training=self.training, momentum=MOMENTUM
        )

    def raw(self, z: Float[Tensor, "batch z"]) -> Float[Tensor, "batch wide"]:
        """Outputs before their statistics are set."""
        for layer, norm in zip(self.layers, self.norms, strict=True):
            z = norm(leaky_relu(layer(z), SLOPE))
        return self.out(z)


class Discriminator(nn.Module):
    """Whether coordinates are a name's: 1, or a character's: 0."""

    def __init__(self, wide: int, hidden: int, dropout: float, chance: torch.Generator) -> None:
        super().__init__()
        widths = [wide, hidden, max(1, hidden // 2), 1]
        layers = [nn.Linear(a, b) for a, b in pairwise(widths)]
        self.layers, self.dropout = nn.ModuleList(layers), dropout
        with torch.no_grad():
            for layer in layers:
                reach = layer.in_features**-0.5
                for each in (layer.weight, layer.bias):
                    each.copy_((torch.rand(each.shape, generator=chance) * 2 - 1) * reach)

    def forward(
        self, x: Float[Tensor, "batch wide"], chance: torch.Generator
    ) -> Float[Tensor, " batch"]:
        """Scores; `chance` draws what is left out."""
        *inner, last = self.layers
        for layer in inner:
            x = leaky_relu(layer(x), SLOPE)
            kept = torch.rand(x.shape, generator=chance) >= self.dropout
            x = x * kept / (1 - self.dropout)
        return last(x)[:, 0]


@dataclass(frozen=True, eq=False)
class Maker:
    """A generator with the statistics of the names that it learnt from.

    `directions` are main directions of the names, each as long as the names' spread along it;
    `names` are the training identities in their coordinates.
    """

    about: About
    generator: Generator
    judge: Discriminator
    mean: Float[Tensor, " whole"]
    directions: Float[Tensor, "wide whole"]
    names: Float[Tensor, "names wide"]
    widths: Sequence[int]  # of each text tower's token embeddings
    sha256: str = ""

    @torch.no_grad()
    def words(self, z: Float[Tensor, "batch z"]) -> list[Words]:
        """The pseudo-words of characters."""
        return self.spread(self.coordinates(z))

    @torch.no_grad()
    def coordinates(self, z: Float[Tensor, "batch z"]) -> Float[Tensor, "batch wide"]:
        """Where characters lie among the training identities."""
        return self.generator.eval()(z.float())

    @torch.enable_grad()
    def settled(self, z: Float[Tensor, "batch z"]) -> Float[Tensor, "batch z"]:
        """Places near by whose characters the discriminator takes for names.

        What a generator draws lies between true identities as often as not, and is read now as
        one and now as the other. Climbing the discriminator's score is the idea of discriminator
        driven latent sampling (Che et al. 2020); ours climbs by Adam, without its noise, as far
        as a name's score and no further.
        """
        place = z.detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([place], CLIMB)
        for _ in range(CLIMBED):
            optimiser.zero_grad()
            score = self.judge(self.generator.eval()(place), torch.Generator())
            (1 - score).clamp(min=0).sum().backward()
            optimiser.step()
        return place.detach()

    def spread(self, coordinates: Float[Tensor, "batch wide"]) -> list[Words]:
        """Coordinates as token embeddings, for each text tower."""
        flat = coordinates @ self.directions + self.mean
        rows = flat.reshape(len(flat), self.about.slots, -1)
        return [tuple(row.split(list(self.widths), -1)) for row in rows]

    def require(self, backbone: Backbone) -> None:
        """Raise `ModelError` unless it was trained on a backbone's text encoder."""
        if self.about.space != backbone.space:
            raise ModelError(
                f"this generator of characters is for {self.about.base} ({self.about.space}), and "
                f"{backbone.name} reads {backbone.space}; `lookalike characters train --model "
                f"{backbone.name}` makes one for it"
            )


def drawn_places(count: int, seed: int, z: int = 64) -> Float[Tensor, "count z"]:
    """The z of the characters of a sheet: each from the seed and its own number alone."""
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randn(z, generator=generator) for _ in range(count)])


def maker_of(backbone: Backbone, path: Path | None = None) -> Maker:
    """The generator in the folder `path`, else the backbone's own, else the packaged one.

    Raises:
        ModelError: there is none, it is damaged, or it was trained on another text encoder.
    """
    if path is not None:
        found = load_maker(path)
        found.require(backbone)
        return found
    for folder in (backbone.folder and backbone.folder / FOLDER, packaged() / FOLDER):
        if folder is not None and (folder / CONFIG).is_file():
            found = load_maker(folder)
            if found.about.space == backbone.space:
                return found
    raise ModelError(
        f"there is no generator of characters for {backbone.name}; `lookalike characters train "
        f"--model {backbone.name}` makes one, and --maker names its folder"
    )


def save_maker(maker: Maker, folder: Path) -> None:
    """Write a generator into a new folder, at once.

    Raises:
        OutputError: the folder is there and is not empty.
    """
    state = {f"generator.{k}": v for k, v in maker.generator.state_dict().items()}
    state |= {f"judge.{k}": v for k, v in maker.judge.state_dict().items()}
    tensors = state | {"mean": maker.mean, "directions": maker.directions}
    halves = {**tensors, "names": maker.names.half()}
    own = {k: v.detach().cpu().contiguous() for k, v in halves.items()}
    own["widths"] = torch.tensor(list(maker.widths))
    with building(folder) as work:
        write_bytes(work / WEIGHTS, save(own))
        write_json(work / CONFIG, maker.about.model_dump(mode="json"))


def load_maker(folder: Path) -> Maker:
    """The generator of a folder.

    Raises:
        ModelError: the folder holds none, or it is damaged.
    """
    about = _about(folder)
    try:
        tensors = load_file(folder / WEIGHTS)
        directions = tensors["directions"].float()
        generator = Generator(about.shape, len(directions), torch.Generator())
        generator.load_state_dict(_under("generator.", tensors))
        judge = Discriminator(len(directions), about.judge, 0.0, torch.Generator())
        judge.load_state_dict(_under("judge.", tensors))
        return Maker(
            about,
            generator.eval().requires_grad_(False),
            judge.requires_grad_(False),
            tensors["mean"].float(),
            directions,
            tensors["names"].float(),
            tensors["widths"].tolist(),
            sha256(folder / WEIGHTS),
        )
    except KeyError as fault:
        raise ModelError(f"the generator in {folder} is damaged: {fault} lacks") from fault
    except (SafetensorError, OSError, RuntimeError) as fault:
        line = " ".join(str(fault).split())[:160]
        raise ModelError(f"the generator in {folder} is damaged: {line}") from fault


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _about(folder: Path) -> About:
    found = about_of(folder, CONFIG, About, what="generator of characters")
    if found.format != FORMAT:
        raise ModelError(f"{folder} is not a folder that `lookalike characters train` wrote")
    return found
