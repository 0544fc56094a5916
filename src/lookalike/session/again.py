"""The part of a Session that reads recipes, and makes what they tell of once more."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from lookalike.core.grids import grid
from lookalike.core.library import saved_file
from lookalike.core.pictures import open_picture, read_recipe
from lookalike.core.places import studio_files
from lookalike.core.plan import Result
from lookalike.core.records import Recipe
from lookalike.engine.run import Progress
from lookalike.models.store import Models
from lookalike.session.adapters import check_adapters
from lookalike.session.portraits import CHARACTERS, portrait_again
from lookalike.session.restyling import RESTYLE, restyle_again
from lookalike.session.source import Source, find_again
from lookalike.session.work import Run, begun, job_of, note


class AgainWork:
    """The verb `again`, its twin `start_again`, and `recipe`."""

    models: Models

    def again(
        self,
        picture: str | os.PathLike[str],
        *,
        model: str | None = None,
        data: Path | None = None,
    ) -> Result:
        """The whole run that a picture comes from, made again by the recipe that it carries.

        The picture itself is `result.pictures[result.recipe.index]`; a grid is the whole run. A run
        is made again as a whole, since the last bits of a picture may depend on how many are made
        at once. `model` says where the recipe's model is now, if it has moved. `data` is the folder
        of the studio that has the pictures it was made from, where it is not the usual one.
        """
        return self.start_again(picture, model=model, data=data).result()

    def start_again(
        self,
        picture: str | os.PathLike[str],
        *,
        model: str | None = None,
        data: Path | None = None,
    ) -> Run[Result]:
        """`again`, to be watched."""
        path = saved_file(picture)
        recipe = read_recipe(path)
        if model is not None:
            chosen = recipe.prompt.settings.model_copy(update={"model": model})
            moved = recipe.prompt.model_copy(update={"settings": chosen})
            recipe = recipe.model_copy(update={"prompt": moved})
        shelf, learnt = studio_files(data), recipe.adapters
        sources = [
            find_again(name, mark, path, learnt.get(name), shelf)
            for name, mark in recipe.references.items()
        ]
        return Run(self._again(path, self._begun(path, recipe, sources), recipe))

    def _begun(self, path: Path, recipe: Recipe, sources: Sequence[Source]) -> Run[Result]:
        """The run of a recipe, checked as far as it can be before anything is loaded."""
        if recipe.made_by == RESTYLE:
            return restyle_again(self.models, recipe, sources)
        if recipe.made_by == CHARACTERS:
            return portrait_again(self.models, recipe)
        job = job_of(recipe, sources)
        check_adapters(recipe, job, path)
        models = self.models.running(recipe.compute, recipe.prompt.settings.model)
        return begun(models, job)

    def _again(
        self, path: Path, run: Run[Result], expected: Recipe
    ) -> Generator[Progress, None, Result]:
        with closing(run):
            yield from run
            result = run.result()
        new = grid(result.pictures) if expected.tiles else result.pictures[result.recipe.index]
        old = open_picture(path)
        if old.size != new.size or old.tobytes() != new.convert("RGB").tobytes():
            note(
                f"some pixels differ from {path}: another machine, other versions, or edited since"
            )
        return result

    def recipe(self, picture: str | os.PathLike[str]) -> Recipe:
        """What made a picture; `RecipeError` where it does not say."""
        return read_recipe(saved_file(picture))
