"""How a picture takes on a style: every option of restyle, and the presets that name some."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, ValidationError

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.core.record import Record, Text, explain

Preset = Literal["best", "fast", "gatys2016", "seed-document"]
PRESETS: tuple[Preset, ...] = get_args(Preset)

SMALLEST = 32
"""Pixels of a side below which VGG's deeper layers have next to nothing to see."""


def _weighted(text: str) -> str:
    if not re.fullmatch(r"[\w]+(:\d+(\.\d+)?)?(,[\w]+(:\d+(\.\d+)?)?)*", text, re.ASCII):
        raise ValueError("should be layers with weights, as in relu1_1:4,relu2_1:1")
    if not sum(weights(text).values()) > 0:
        raise ValueError("should have a weight above 0")
    return text


Layers = Annotated[Text, AfterValidator(_weighted)]


def weights(layers: str) -> dict[str, float]:
    """The weight of each layer in "relu1_1:4,relu2_1"; 1 where none stands."""
    pairs = (part.partition(":") for part in layers.split(","))
    return {name: float(weight or 1) for name, _, weight in pairs}


class Restyle(Record):
    """Every option of one transfer; the defaults are the preset "best".

    They are crowsonkb's (style-transfer-pytorch), but for the weights: hers, 256:64:16:4:1 and
    0.015 for the content, are for VGG-19's features as they are. Ours are for shares, by eye.
    """

    size: int = Field(
        default=512, ge=SMALLEST, le=8192, description="The result's longer side in pixels."
    )
    scales: int = Field(
        default=5,
        ge=1,
        le=16,
        description="How many sizes it is painted at, each √2 larger than the one before.",
    )
    steps: int = Field(default=500, ge=1, le=100_000, description="Steps at each size.")
    first_steps: int = Field(
        default=1000, ge=1, le=100_000, description="Steps at the smallest size."
    )
    loss: Literal["w2", "gram"] = Field(
        default="w2", description="How styles are compared: as Gaussians, or by Gram matrices."
    )
    gram_weight: float = Field(
        default=0.0, ge=0, le=1e9, description="How much Gram matrices count beside w2."
    )
    relative: bool = Field(
        default=True,
        description="Whether each layer counts by its share of what the target has there.",
    )
    content_weight: float = Field(
        default=0.05, ge=0, le=1e9, description="How much the content holds against the style."
    )
    style_weight: float = Field(default=1.0, ge=0, le=1e9, description="How much the style counts.")
    tv: float = Field(default=2.0, ge=0, le=1e9, description="How smooth the result should be.")
    content_layers: Layers = Field(
        default="relu4_2", description="VGG's layers that hold the content, with weights."
    )
    style_layers: Layers = Field(
        default="relu1_1:4,relu2_1:5,relu3_1:3,relu4_1:1,relu5_1:0.1",
        description="VGG's layers that hold the style, with weights.",
    )
    pooling: Literal["max", "average"] = Field(
        default="max", description="How VGG makes its pictures smaller."
    )
    style_scale: float = Field(
        default=1.0,
        ge=0.05,
        le=8,
        description="The style's size against the result's: more for larger strokes.",
    )
    keep_colours: bool = Field(
        default=False, description="Whether the content keeps its colours and takes the strokes."
    )
    init: Literal["content", "colours", "style", "noise"] = Field(
        default="content",
        description="What is painted over; colours is the content in those of the style.",
    )
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Where the noise starts.")
    optimiser: Literal["adam", "l-bfgs"] = Field(
        default="adam", description="What moves the pixels."
    )
    rate: float = Field(default=0.02, gt=0, le=10, description="How far a step goes.")
    momentum: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="How much of a step goes on in the next one (Adam's first beta).",
    )
    refresh: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Steps for which w2's roots of matrices serve: more are sooner and rougher.",
    )
    average: float = Field(
        default=0.99, ge=0, le=0.9999, description="How slowly the mean of all steps follows."
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto", description="VGG's precision; auto takes bfloat16 where that is fast."
    )
    tile: int | None = Field(
        default=None,
        ge=64,
        le=8192,
        description="Side of the tiles that VGG sees at once: less memory, more time.",
    )


_OF_PRESETS: Mapping[Preset, Mapping[str, Any]] = {
    "best": {},
    # From colours that are right and with little momentum few steps do; so do few of w2's roots.
    # Both distances come down soonest where both count.
    "fast": {
        "size": 384,
        "scales": 3,
        "steps": 30,
        "first_steps": 40,
        "init": "colours",
        "rate": 0.025,
        "momentum": 0.7,
        "average": 0.8,
        "refresh": 4,
        "gram_weight": 1.0,
    },
    # Gatys et al. (2016), section 2 and their published code: one size, L-BFGS, Gram matrices.
    "gatys2016": {
        "scales": 1,
        "first_steps": 500,
        "loss": "gram",
        "relative": False,
        "content_weight": 1.0,
        "style_weight": 1e3,
        "tv": 0.0,
        "content_layers": "relu4_2",
        "style_layers": "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1",
        "pooling": "average",
        "optimiser": "l-bfgs",
        "rate": 1.0,
        "average": 0.0,
        "precision": "float32",
    },
    # The recipe of the document that this project began with.
    "seed-document": {
        "scales": 1,
        "first_steps": 1000,
        "loss": "gram",
        "relative": False,
        "content_weight": 1.0,
        "style_weight": 1e-2,
        "tv": 0.0,
        "content_layers": "block5_conv2",
        "style_layers": "block1_conv1,block2_conv1,block3_conv1,block4_conv1,block5_conv1",
        "average": 0.0,
        "precision": "float32",
    },
}


def options_of(preset: str = "best", given: Mapping[str, object] | None = None) -> Restyle:
    """The options of a preset with those that are given in the place of its own.

    Raises:
        OptionError: there is no such preset or option, or a value cannot be.
    """
    if preset not in PRESETS:
        near = did_you_mean(preset, PRESETS)
        raise OptionError(f"there is no preset {preset!r}{near} (there are: {', '.join(PRESETS)})")
    try:
        return Restyle.model_validate({**_OF_PRESETS[preset], **(given or {})})
    except ValidationError as fault:
        raise OptionError(f"restyle: {explain(fault, Restyle.model_fields)}") from fault
