"""Recipes of reverse models: which readers there are, how each learns, and what joins them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from lookalike.core.record import Record
from lookalike.describe.reversing.readers import Kind
from lookalike.train.recipes import recipe_of
from lookalike.train.task import Recipe

ASKED = 60
"""Prompts that ranking is tried out on."""


class ReaderRecipe(Recipe):
    """One reader, and how it learns: each piece of the method is a switch."""

    kind: Kind = Field(
        description="white: the U-Net's first half; clip: a head on CLIP's "
        "features; tower: CLIP's vision tower, fine-tuned whole."
    )
    vocabulary: float = Field(
        default=0.1, ge=0, le=10, description="Weight of the vocabulary's loss; 0 is without."
    )
    huber: float = Field(default=1.0, ge=0, le=10, description="Weight of the Huber loss.")
    curriculum: tuple[float, ...] = Field(
        default=(),
        description="Shares of the samples, easy ones first, that stages learn from; empty: all "
        "at once.",
    )
    snapshots: int = Field(
        default=4, ge=1, le=64, description="Looks at the validation part; the best state is kept."
    )
    probing: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="The share of the steps in which the new layers learn alone; 1: what was "
        "trained before stays as it is, which takes far less memory.",
    )
    pace: float = Field(
        default=0.3, gt=0, le=1, description="Rate of weights trained before, as a share."
    )
    hidden: int = Field(default=8192, ge=8, le=65536, description="Width of the clip reader.")
    scratch: bool = Field(default=False, description="Whether the tower begins untrained.")
    folder: str | None = Field(
        default=None, description="A vision model of transformers; CLIP's own tower if unset."
    )

    @model_validator(mode="after")
    def _several(self) -> ReaderRecipe:
        if self.kind == "clip" and self.schedule.batch < 2:
            raise ValueError("a clip reader should have a batch of 2 or more, as it norms by it")
        return self


class KernelRecipe(Record):
    """The domain-adaptive kernel: its centroids, and what is tried on validation."""

    centroids: int = Field(default=10_000, ge=2, description="Of bisecting k-means.")
    gammas: tuple[float, ...] = Field(
        default=(0.5, 2, 8, 32, 128), description="Widths of the kernel to choose among."
    )
    alphas: tuple[float, ...] = Field(
        default=(0.001, 0.01, 0.1, 1, 10, 100), description="Strengths of the ridge."
    )


class NeighboursRecipe(Record):
    """Weighted nearest neighbours in CLIP's space."""

    count: int = Field(default=100, ge=1, le=10_000, description="How many neighbours.")
    power: float = Field(default=6, ge=0, le=20, description="Weights are 1 / distance^power.")


class ReverseRecipe(Record):
    """A whole reverse model."""

    words: int = Field(default=1000, ge=1, le=100_000, description="The vocabulary's size at most.")
    readers: Mapping[str, ReaderRecipe] = Field(min_length=1, description="Readers by name.")
    neighbours: NeighboursRecipe = Field(default_factory=NeighboursRecipe, description="k-NN.")
    kernel: KernelRecipe = Field(default_factory=KernelRecipe, description="DAKL.")
    ranked: int = Field(
        default=ASKED,
        ge=0,
        description="Prompts of the validation part on which it is tried what a picture's likeness "
        "counts in ranking, by making pictures of texts; 0: it counts as much as the words.",
    )
    captioner: str = Field(default="phrases", description="The describer of automatic captions.")
    caption: Mapping[str, Any] = Field(default_factory=dict, description="The captioner's options.")
    shipped: tuple[str, ...] = Field(
        default=(), description="The readers that the file of a trained model holds; all if empty."
    )


def read_recipe(name: str) -> ReverseRecipe:
    """A recipe of the package by name, or one of your own by path.

    Raises:
        OptionError: there is no such recipe, or it has a wrong or unknown entry.
    """
    return recipe_of(ReverseRecipe, "lookalike.reverse", name)
