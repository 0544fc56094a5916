"""The part of a Session that works on pictures: all variations of one, tiles, blends, remixes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from lookalike.core.errors import OptionError
from lookalike.core.pictures import PictureSource, open_tile, save_numbered
from lookalike.core.plan import Result
from lookalike.core.png import tile_recipe
from lookalike.core.records import Prompt, Recipe, Reference, Settings
from lookalike.session.asking import check_blend, leaning_on, seed_of, shaped
from lookalike.session.job import converter_options
from lookalike.session.source import listed, open_source
from lookalike.session.variations import Options, Variations
from lookalike.session.work import Run

REMIX = 0.7
"""The share of the noise levels for a new prompt on an old composition (by eye)."""


@dataclass(frozen=True, eq=False)
class Picked:
    """One tile of a grid, whole, with the recipe that makes it again."""

    picture: Image.Image
    recipe: Recipe

    def save(self, folder: Path) -> Path:
        """Write it under the next free number."""
        return save_numbered(self.picture, folder, "pick", self.recipe)


class PictureWork(Variations):
    """Verbs that start from pictures; each that makes pictures has its twin `start_…`."""

    def pick(self, grid: str | os.PathLike[str], tile: int) -> Picked:
        """One picture out of a grid, counted from 1, from left to right and top to bottom."""
        name = os.fspath(grid)
        return Picked(open_tile(name, tile), tile_recipe(name, tile))

    def blend(
        self,
        pictures: Sequence[PictureSource],
        *,
        weights: Sequence[float] | None = None,
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Result:
        """Pictures of two to five pictures together, which count the same without `weights`."""
        return self.start_blend(
            pictures, weights=weights, settings=settings, by=by, options=options
        ).result()

    def start_blend(
        self,
        pictures: Sequence[PictureSource],
        *,
        weights: Sequence[float] | None = None,
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Run[Result]:
        """`blend`, to be watched."""
        counts = check_blend(len(listed(pictures)), weights)
        sources = [open_source(picture) for picture in listed(pictures)]
        references = tuple(
            Reference(source=one.name, role="image", weight=count)
            for one, count in zip(sources, counts, strict=True)
        )
        prompt = Prompt(parts=(), references=references, settings=self._settings(settings))
        return self._run("blend", prompt, converter_options(by, options), *sources)

    def remix(
        self,
        picture: PictureSource,
        text: str,
        *,
        strength: float = REMIX,
        settings: Settings | None = None,
    ) -> Result:
        """The picture's composition with another prompt; it is left the more, the less `strength`.

        Its shape, and where it carries a recipe, its seed, are kept unless `settings` name others.
        """
        return self.start_remix(picture, text, strength=strength, settings=settings).result()

    def start_remix(
        self,
        picture: PictureSource,
        text: str,
        *,
        strength: float = REMIX,
        settings: Settings | None = None,
    ) -> Run[Result]:
        """`remix`, to be watched."""
        if not 0 < strength <= 1:
            raise OptionError(f"a strength of {strength:g} is not above 0 and at most 1")
        Prompt.of(text)  # an empty one is refused
        source, chosen = open_source(picture), self._settings(settings)
        if "aspect" not in chosen.model_fields_set:
            chosen = shaped(chosen, source.picture.size)
        if chosen.seed is None:
            chosen = chosen.model_copy(update={"seed": seed_of(picture)})
        prompt = leaning_on(chosen, source, text)
        return self._run("remix", prompt, {"strength": float(strength)}, source)
