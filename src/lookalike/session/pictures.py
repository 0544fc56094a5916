"""The part of a Session that works on pictures: tiles, variations, regions, more around, blends."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from lookalike.core.errors import OptionError
from lookalike.core.pictures import PictureSource, open_tile, save_numbered
from lookalike.core.plan import Result
from lookalike.core.png import tile_recipe
from lookalike.core.records import Prompt, Recipe, Reference, Settings
from lookalike.models.store import Models
from lookalike.session.job import Job, Scalar, converter_options
from lookalike.session.source import Source, open_source
from lookalike.session.work import Run, make

Strength = Literal["subtle", "strong"]
Options = Mapping[str, object]

STRENGTHS: Mapping[str, float] = {"subtle": 0.5, "strong": 1.0}
"""The share of the noise levels that a variation goes through. From half of them (ours, by eye)
the picture keeps its layout; from all of them only what the embedding says is left of it."""


@dataclass(frozen=True, eq=False)
class Picked:
    """One tile of a grid, whole, with the recipe that makes it again."""

    picture: Image.Image
    recipe: Recipe

    def save(self, folder: Path) -> Path:
        """Write it under the next free number."""
        return save_numbered(self.picture, folder, "pick", self.recipe)


class PictureWork(ABC):
    """Verbs that start from pictures; each that makes pictures has its twin `start_…`."""

    models: Models

    @abstractmethod
    def _settings(self, settings: Settings | None) -> Settings:
        """The settings with the session's model, unless they name one themselves."""

    def pick(self, grid: str | os.PathLike[str], tile: int) -> Picked:
        """One picture out of a grid, counted from 1, from left to right and top to bottom."""
        name = os.fspath(grid)
        return Picked(open_tile(name, tile), tile_recipe(name, tile))

    def vary(
        self,
        picture: PictureSource,
        *,
        strength: Strength = "subtle",
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Result:
        """Pictures like a picture: "subtle" starts from it, "strong" from noise."""
        run = self.start_vary(picture, strength=strength, settings=settings, by=by, options=options)
        return run.result()

    def start_vary(
        self,
        picture: PictureSource,
        *,
        strength: Strength = "subtle",
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Run[Result]:
        """`vary`, to be watched."""
        if strength not in STRENGTHS:
            raise OptionError(f"there is no strength {strength!r}; it is subtle or strong")
        chosen: dict[str, Scalar] = {"strength": STRENGTHS[strength]}
        source = open_source(picture)
        prompt = leaning_on(source, "", self._settings(settings))
        return self._run("vary", prompt, chosen | converter_options(by, options), source)

    def _run(
        self, verb: str, prompt: Prompt, options: Mapping[str, Scalar], *sources: Source
    ) -> Run[Result]:
        return Run(make(self.models, Job(verb, prompt, options, sources)))


def leaning_on(source: Source, text: str, settings: Settings) -> Prompt:
    """A prompt of a picture, and of words where there are some."""
    reference = Reference(source=source.name, role="image")
    parts = Prompt.of(text).parts if text else ()
    return Prompt(parts=parts, references=(reference,), settings=settings)
