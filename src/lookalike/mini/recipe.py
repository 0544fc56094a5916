"""Recipes of mini: the architecture of each part and how it is trained, read from TOML files."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from lookalike.train.recipes import recipe_of
from lookalike.train.task import Recipe

PARTS = ("clip", "vae", "unet", "probe")
TRAINED = (*PARTS, "judge")
"""What can be trained: mini's parts, and the judge of pictures in foreign styles."""


class ClipRecipe(Recipe):
    """CLIP: both towers have the same width, so that the text projection is square."""

    width: int = Field(default=192, ge=16, description="Hidden size of both towers.")
    heads: int = Field(default=3, ge=1, description="Attention heads of both towers.")
    text_layers: int = Field(default=3, ge=1, description="Layers of the text tower.")
    vision_layers: int = Field(default=4, ge=1, description="Layers of the vision tower.")
    patch: int = Field(default=8, ge=1, description="Side of a patch in pixels.")
    vocabulary: int = Field(default=1600, ge=600, description="Tokens of the tokenizer.")
    alone: int = Field(
        default=0, ge=0, description="First steps, in which pictures are named and not captioned."
    )
    aligned: int = Field(
        default=0,
        ge=0,
        description="Last steps, in which pictures are drawn to their captions and texts rest.",
    )
    told: int = Field(
        default=64, ge=1, description="Pictures of a batch that get captions; all are named."
    )
    captions: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Pairs of captions that are drawn of each picture ahead of training, for "
        "devices that words would keep waiting; 0: new ones in each step.",
    )


class VaeRecipe(Recipe):
    """The autoencoder: one halving of the picture between two widths."""

    widths: tuple[int, ...] = Field(default=(16, 32, 64), description="Channels of each level.")
    layers: int = Field(default=1, ge=1, description="Residual blocks of a level.")
    latent: int = Field(default=4, ge=1, description="Latent channels.")
    groups: int = Field(default=8, ge=1, description="Groups of the group norms.")
    l2: float = Field(default=0.5, ge=0, description="Weight of the squared error.")
    edge: float = Field(default=1.0, ge=0, description="Weight of neighbouring differences.")
    kl: float = Field(default=1e-4, ge=0, description="Weight of the divergence from noise.")
    decoder_alone: bool = Field(
        default=False,
        description="Train the decoder alone: latents, and the U-Net that makes them, stay valid.",
    )


class UnetRecipe(Recipe):
    """The U-Net: reads the text tower's final states, predicts v."""

    widths: tuple[int, ...] = Field(default=(64, 128, 160), description="Channels of each level.")
    attention: tuple[bool, ...] = Field(
        default=(False, True, True), description="Which levels read the text."
    )
    layers: int = Field(default=2, ge=1, description="Residual blocks of a level.")
    head: int = Field(default=32, ge=8, description="Width of an attention head.")
    groups: int = Field(default=16, ge=1, description="Groups of the group norms.")
    caption_drop: float = Field(
        default=0.1, ge=0, le=1, description="Share of steps with the empty caption."
    )
    word_drop: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="Share of captions whose word states give way to the EOS state.",
    )
    middle: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of samples whose noise level is drawn around the middle, where shapes "
        "and colours are decided (logit-normal); the others' are uniform.",
    )
    captions: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Captions that are drawn of each picture ahead of training, for devices that "
        "words would keep waiting; 0: new ones in each step.",
    )


class ProbeRecipe(Recipe):
    """The judge of attributes: a small convolutional classifier on pixels."""

    widths: tuple[int, ...] = Field(default=(32, 64, 96, 128), description="Channels by level.")


class JudgeRecipe(ProbeRecipe):
    """The judge of foreign styles: a probe that has seen them beside the world's."""

    pictures: int = Field(default=24000, ge=8, description="Drawings of all styles to learn from.")


class Pictures(BaseModel):
    """How many pictures of each split, and how large."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pixels: int = Field(default=64, ge=16, description="Side of a picture.")
    train: int = Field(default=64000, ge=8, description="Pictures that parts are trained on.")


class MiniRecipe(BaseModel):
    """A whole mini: pictures and the four parts; and the judge, which is no part of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: Pictures
    clip: ClipRecipe
    vae: VaeRecipe
    unet: UnetRecipe
    probe: ProbeRecipe
    judge: JudgeRecipe | None = None
    guidance: float | None = Field(
        default=None,
        ge=0,
        le=50,
        description="How strictly mini follows prompts where nothing else is asked; 5 if unset.",
    )


def read_recipe(name: str) -> MiniRecipe:
    """A recipe of the package by name, or one of your own by path.

    Raises:
        OptionError: there is no such recipe, or it has a wrong or unknown entry.
    """
    return recipe_of(MiniRecipe, "lookalike.mini", name)
