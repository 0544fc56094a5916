"""Portraits of new characters: the recipe that each carries, and the portrait made by it again."""

from __future__ import annotations

from collections.abc import Generator
from importlib.metadata import version

import lookalike
from lookalike.characters.drawing import PORTRAIT, drawn_again
from lookalike.core.errors import RecipeError
from lookalike.core.plan import Result
from lookalike.core.records import Prompt, Recipe
from lookalike.engine.run import Progress
from lookalike.models.card import Card
from lookalike.models.maker import maker_of
from lookalike.models.store import Models
from lookalike.session.work import LIBRARIES, Run, note

CHARACTERS = "characters"
_MAKER = "generator"
"""The adapter of the recipe that is the generator of characters."""


def portrait_recipe(card: Card, model: str) -> Recipe:
    """All that is needed to make a drawn character's portrait again.

    Its prompt has no words: a character that nobody saved has no name to stand among them.
    """
    about = card.about
    assert about.seed is not None  # a drawn character has both
    assert about.number is not None
    own = {
        "model": model,
        "seed": about.seed,
        "steps": about.steps,
        "pixels": about.pixels,
        "guidance": about.guidance,
    }
    settings = PORTRAIT.model_copy(update=own)
    return Recipe(
        made_by=CHARACTERS,
        version=lookalike.__version__,
        prompt=Prompt(parts=(), settings=settings),
        model=about.base,
        model_sha256=about.model_sha256,
        seeds=(about.seed,),
        options={"number": about.number},
        adapters={_MAKER: about.maker},
        resolved=about.portrait,
        libraries={name: version(name) for name in LIBRARIES},
    )


def portrait_again(models: Models, recipe: Recipe) -> Run[Result]:
    """The portrait that a recipe asks for, once more; `RecipeError` where it cannot be."""
    number = recipe.options.get("number")
    if not isinstance(number, int) or number < 1:
        raise RecipeError("the recipe lacks the option number, which characters needs")
    return Run(_drawn(models, recipe, number))


def _drawn(models: Models, recipe: Recipe, number: int) -> Generator[Progress, None, Result]:
    with models.use(recipe.prompt.settings.model) as backbone:
        maker = maker_of(backbone)
        if backbone.sha256 != recipe.model_sha256:
            note(f"{backbone.name} is not the {recipe.model} of the recipe: its SHA-256 is another")
        if recipe.adapters.get(_MAKER) != maker.sha256:
            note("the generator of characters is not the one of the recipe: its SHA-256 is another")
        card = drawn_again(backbone, maker, recipe.seeds[0], number, recipe.prompt.settings)
    yield from ()
    return Result([card.portrait], portrait_recipe(card, recipe.prompt.settings.model))
