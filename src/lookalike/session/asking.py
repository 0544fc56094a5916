"""What several verbs ask of pictures: a prompt that names them, their shape, seeds and weights."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

from lookalike.core.errors import OptionError, RecipeError
from lookalike.core.pictures import PictureSource, read_recipe
from lookalike.core.records import Prompt, Reference, Settings
from lookalike.session.source import Source

MOST_BLENDED = 5
MOST_WEIGHT = 1000


def leaning_on(
    settings: Settings, source: Source, text: str = "", masks: Sequence[Source] = ()
) -> Prompt:
    """A prompt of a picture, of words where there are some, and of masks."""
    references = (
        Reference(source=source.name, role="image"),
        *(Reference(source=mask.name, role="region") for mask in masks),
    )
    parts = Prompt.of(text).parts if text else ()
    return Prompt(parts=parts, references=references, settings=settings)


def shaped(settings: Settings, size: tuple[int, int]) -> Settings:
    """The settings with the very aspect of a size."""
    shared = math.gcd(*size)
    return settings.model_copy(update={"aspect": f"{size[0] // shared}:{size[1] // shared}"})


def seed_of(picture: PictureSource) -> int | None:
    """The seed that a picture of ours was made from; None for all other pictures."""
    if not isinstance(picture, str | os.PathLike):
        return None
    try:
        recipe = read_recipe(picture)
    except RecipeError:
        return None
    return recipe.seeds[recipe.index]


def check_blend(count: int, weights: Sequence[float] | None) -> Sequence[float]:
    """A weight for each of `count` pictures to blend; `OptionError` where they cannot be."""
    if not 2 <= count <= MOST_BLENDED:
        more = "; to change one picture, use vary" if count == 1 else ""
        raise OptionError(f"blend takes 2 to {MOST_BLENDED} pictures, not {count}{more}")
    chosen = [1.0] * count if weights is None else [float(weight) for weight in weights]
    if len(chosen) != count:
        raise OptionError(f"{len(chosen)} weights do not fit {count} pictures")
    if not all(abs(weight) <= MOST_WEIGHT for weight in chosen) or sum(chosen) <= 0:
        said = ",".join(f"{weight:g}" for weight in chosen)
        raise OptionError(f"weights are numbers up to {MOST_WEIGHT} of a positive sum, not {said}")
    return chosen
