"""The part of a Session that learns: from a folder of a domain's pictures, or from a few."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL.Image import Image

from lookalike.convert import converters
from lookalike.convert.learning.artefact import save_learner
from lookalike.convert.learning.task import LearningRecipe
from lookalike.convert.learning.tuning import Tuning, best_learner, parted, tune
from lookalike.core.embedding import mix
from lookalike.core.errors import OutputError
from lookalike.core.files import sha256, write_bytes
from lookalike.core.library import Kept, Learnt, Library
from lookalike.core.pictures import PictureSource, png_bytes, sheet
from lookalike.core.records import Prompt, Role, Settings
from lookalike.engine.plan import embedding_plan
from lookalike.engine.run import run as run_plan
from lookalike.models.backbone import Backbone
from lookalike.models.store import Models
from lookalike.session.folder import Folder, open_folder
from lookalike.session.source import listed, open_source
from lookalike.session.variations import Options
from lookalike.session.work import note
from lookalike.train import together

SAMPLES = 4
SAMPLE = Settings(count=1, steps=12, seed=1)
SHEET = "sample.png"
MANY = 10
"""Fewer pictures than this are worth a word: about 100 make a domain."""


@dataclass(frozen=True)
class Tuned:
    """A finished tuning: its file, the step that did best, and held-out losses before and then."""

    path: Path
    steps: int
    best: int
    before: float
    after: float
    pictures: int
    skipped: int


class LearningWork(ABC):
    """Verbs that learn from pictures."""

    model: str
    models: Models

    @property
    @abstractmethod
    def library(self) -> Library:
        """Where what was learnt is kept."""

    def learn(
        self,
        pictures: PictureSource | Sequence[PictureSource],
        name: str,
        *,
        by: str = "online",
        options: Options | None = None,
        role: Role | None = None,
        licence: str = "",
        note: str = "",
        replace: bool = False,
    ) -> Kept:
        """Learn a subject from one to five pictures, and keep it as `@name` for prompts.

        `@name` is a picture wherever a picture is expected: the first one. Where a prompt of this
        model leans on it, what was learnt is read in its place. `options` are the converter's.

        Raises:
            OptionError: the name is none or is taken, or an option is wrong.
        """
        converter = converters.make(by, options or {})
        self.library.check_free(name, replace=replace)
        sources = [open_source(picture) for picture in listed(pictures)]
        with self.models.use(self.model) as backbone:
            found = converter.convert(backbone, [one.picture for one in sources])
            rows = [found.take(row) for row in range(len(found))]
            about = {"by": by, "model": backbone.name, "model_sha256": backbone.sha256}
            data = mix(rows, [1.0] * len(rows)).to_bytes(about=about)
            learnt = Learnt(
                by=by,
                model=backbone.name,
                model_sha256=backbone.sha256,
                pictures=len(sources),
                sha256=hashlib.sha256(data).hexdigest(),
            )
        first = sources[0]
        return self.library.save(
            name,
            first.picture,
            source=first.name,
            source_sha256=first.sha256,
            role=role,
            licence=licence,
            note=note,
            replace=replace,
            learnt=learnt,
            prompt=data,
        )

    def tune(
        self,
        folder: str | os.PathLike[str],
        out: str | os.PathLike[str],
        recipe: LearningRecipe,
        *,
        licence: str = "",
        every: float = 60.0,
    ) -> Generator[Tuning, None, Tuned]:
        """Tune the closed form on a folder's pictures, step by step, into the file `out`.

        Beside it, in a folder called as `out` with `.run` behind it, lies what a stopped tuning
        goes on from, and a sheet of held-out pictures above what their conversions give. Of all
        steps, the file holds the one that did best on a tenth of the pictures, which is held out.

        Raises:
            PictureError: the folder holds fewer than two pictures. OutputError: `out` is there.
            ModelError: the folder of a stopped tuning is another one's.
        """
        path, found = Path(out), open_folder(Path(folder))
        if path.exists():
            raise OutputError(f"cannot write {path}: it exists already; name another file")
        if found.skipped:
            note(found.skipped)
        if len(found.pictures) < MANY:
            note(f"{found.path} holds {len(found.pictures)} pictures; about 100 make a domain")
        with self.models.use(self.model) as backbone:
            return (yield from _tuned(backbone, found, path, recipe, licence, every))


def _tuned(
    backbone: Backbone,
    folder: Folder,
    path: Path,
    recipe: LearningRecipe,
    licence: str,
    every: float,
) -> Generator[Tuning, None, Tuned]:
    run = path.with_name(f"{path.name}.run")
    held = [folder.pictures[i] for i in parted(len(folder.pictures))[1]][:SAMPLES]
    last = None
    for last in tune(backbone, folder.pictures, recipe, run, every):
        judged = last.held_out is not None and last.best == last.number
        if judged and together.place().first:
            write_bytes(run / SHEET, png_bytes(_sample(backbone, recipe, run, held)))
        yield last
    learner, losses = best_learner(backbone, recipe, run)
    best = min(losses, key=lambda step: losses[step])
    notes = {
        "pictures": str(len(folder.pictures)),
        "licence": licence,
        "best_step": str(best),
        "held_out": f"{losses[best]:.6f}",
        "sha256": sha256(folder.path),
    }
    if together.place().first:
        save_learner(path, learner, backbone, recipe, notes)
    count, skipped = len(folder.pictures), len(folder.broken)
    return Tuned(path, max(losses), best, losses[0], losses[best], count, skipped)


@torch.no_grad()
def _sample(
    backbone: Backbone, recipe: LearningRecipe, run: Path, pictures: Sequence[Image]
) -> Image:
    """Held-out pictures above what their conversions give."""
    learner, _ = best_learner(backbone, recipe, run)
    embedding = learner.convert(backbone, pictures, recipe.fit)
    prompt = Prompt(parts=(), settings=SAMPLE)
    made = [
        run_plan(backbone, embedding_plan(backbone, prompt, embedding.take(row), [row]))[0]
        for row in range(len(embedding))
    ]
    return sheet([*pictures, *made], columns=len(made))
