"""Recipes of character generators: what the names are, the networks, and how they learn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lookalike.core.record import Record
from lookalike.models.maker import Shape
from lookalike.train.recipes import recipe_of
from lookalike.train.task import Recipe

IT = "@it"
"""What stands for the character in a template."""


class WordsRecipe(Recipe):
    """How attributes of the drawn world become pseudo-words that say them."""

    templates: tuple[str, ...] = Field(
        min_length=1, description="Sentences with @it for the pseudo-words and {} for the rest."
    )


class NamesRecipe(Record):
    """The identities that a generator learns from, each of two pseudo-words."""

    source: Literal["world", "file"] = Field(
        description="world: characters of the drawn world; file: two words of one token each."
    )
    count: int = Field(default=4000, ge=2, le=1_000_000, description="Characters of the world.")
    words: WordsRecipe | None = Field(
        default=None,
        description="How those are learnt; their words' embeddings as they are if unset.",
    )
    kept: float = Field(
        default=0.999, gt=0, le=1, description="Share of the names' variance that is generated."
    )


class GanRecipe(Recipe):
    """The two networks, and how they learn against each other."""

    names: str = Field(default="", description="SHA-256 of the names that it learns from.")
    generator: Shape = Field(default_factory=Shape, description="The generator.")
    hidden: int = Field(default=512, ge=4, le=16384, description="The discriminator's first width.")
    dropout: float = Field(default=0.2, ge=0, lt=1, description="The discriminator's.")
    pace: float = Field(
        default=1.0, gt=0, le=10, description="The discriminator's rate, as a share."
    )
    r1: float = Field(default=1.0, ge=0, le=1000, description="Weight of the gradient penalty.")
    noise: float = Field(
        default=0.0, ge=0, le=10, description="Noise on what is judged, at first; it shrinks."
    )
    consistency: float = Field(default=8.0, ge=0, le=1000, description="That loss's weight.")
    shared: int = Field(
        default=4, ge=1, le=256, description="Characters of a step that are read in sentences."
    )
    templates: tuple[str, ...] = Field(
        min_length=2, description="Sentences with @it for the character."
    )


class CharactersRecipe(Record):
    """A whole generator of characters."""

    names: NamesRecipe = Field(description="What it learns from.")
    gan: GanRecipe = Field(description="How.")
    portrait: str = Field(description="The prompt of portraits, with @it for the character.")
    licence: str = Field(default="", description="Of the characters that it makes.")


def read_recipe(name: str) -> CharactersRecipe:
    """A recipe of the package by name, or one of your own by path.

    Raises:
        OptionError: there is no such recipe, or it has a wrong or unknown entry.
    """
    return recipe_of(CharactersRecipe, "lookalike.characters", name)
