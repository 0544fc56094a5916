"""Makes a data set: prompts become pictures, several seeds each, by any Backbone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from lookalike.core.errors import OutputError
from lookalike.core.files import read_json, write_json
from lookalike.core.pictures import save_picture
from lookalike.core.record import Record
from lookalike.core.records import Settings
from lookalike.engine.plan import SEEDS
from lookalike.engine.rows import sampled
from lookalike.models.backbone import Backbone
from lookalike.reverse.manifest import NAME, TRUTH, Manifest, manifest_of, write
from lookalike.reverse.prompts import Asked

BATCH = 32
FOLDER = 1000
"""Pictures in one folder: more make some file systems slow."""

RECIPE = "making.json"


class Making(Record):
    """How the pictures of a data set are made: the same recipe, the same pictures."""

    model: str = Field(description="The Backbone's name.")
    model_sha256: str = Field(description="Of its weights.")
    prompts_sha256: str = Field(description="Of the prompts, in order.")
    count: int = Field(ge=1, description="How many prompts there are.")
    seeds: int = Field(ge=1, le=64, description="Pictures of each prompt, each from its own seed.")
    seed: int = Field(ge=0, lt=SEEDS, description="The first picture's seed; the next follow.")
    steps: int = Field(ge=1, le=1000, description="How many steps the sampler takes.")
    guidance: float = Field(ge=0, le=50, description="How strictly the prompt is followed.")
    dtype: str = Field(default="float32", description="The precision that the model runs in.")


@dataclass(frozen=True)
class Made:
    """How many pictures are there, of how many."""

    done: int
    of: int


def recipe_of(
    backbone: Backbone, asked: Sequence[Asked], *, seeds: int, seed: int, settings: Settings
) -> Making:
    """The recipe of a data set that is to be made."""
    text = "\n".join(one.prompt for one in asked)
    return Making(
        model=backbone.name,
        model_sha256=backbone.sha256,
        prompts_sha256=hashlib.sha256(text.encode()).hexdigest(),
        count=len(asked),
        seeds=seeds,
        seed=seed,
        steps=settings.steps,
        guidance=settings.guided(backbone.guidance),
        dtype=str(backbone.dtype).removeprefix("torch."),
    )


def make(
    backbone: Backbone, asked: Sequence[Asked], recipe: Making, folder: Path
) -> Iterator[Made]:
    """Make a data set in `folder`: pictures, and at the end the manifest.

    Stop whenever you like: what lies there is whole, and is not made again.

    Raises:
        OutputError: the folder holds a data set of another recipe, or something else.
    """
    _claim(folder, recipe)
    settings = Settings(steps=recipe.steps, guidance=recipe.guidance)
    total = len(asked) * recipe.seeds
    lacking = {row for row in range(total) if not (folder / name_of(row)).is_file()}
    yield Made(total - len(lacking), total)
    for start in range(0, total, BATCH):
        # Whole batches, although some of their pictures may be there: a picture's last bits may
        # hang on the company that it is made in.
        batch = range(start, min(start + BATCH, total))
        if lacking.isdisjoint(batch):
            continue
        texts = [asked[row // recipe.seeds].prompt for row in batch]
        seeds = [(recipe.seed + row) % SEEDS for row in batch]
        pictures = sampled(backbone, backbone.embed(texts), settings, seeds)
        for row, picture in zip(batch, pictures, strict=True):
            if row in lacking:
                save_picture(picture, folder / name_of(row))
        lacking -= set(batch)
        yield Made(total - len(lacking), total)
    if not (folder / NAME).is_file():
        write(_manifest(backbone, asked, recipe, folder))


def name_of(row: int) -> str:
    """The path of a row's picture, below the data set's folder."""
    return f"pictures/{row // FOLDER:04d}/{row:07d}.png"


def _claim(folder: Path, recipe: Making) -> None:
    file = folder / RECIPE
    if file.is_file():
        if read_json(file) != recipe.model_dump(mode="json"):
            raise OutputError(f"{folder} holds a data set of another recipe; name another --out")
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"cannot write into {folder}: something else is there")
    write_json(file, recipe.model_dump(mode="json"))


def _manifest(backbone: Backbone, asked: Sequence[Asked], recipe: Making, folder: Path) -> Manifest:
    sampler = type(backbone.scheduler(1)).__name__
    rows = [
        {
            "picture": name_of(row),
            "prompt": (one := asked[row // recipe.seeds]).prompt,
            "seed": (recipe.seed + row) % SEEDS,
            "steps": recipe.steps,
            "guidance": recipe.guidance,
            "sampler": sampler,
            "width": backbone.pixels,
            "height": backbone.pixels,
            TRUTH: one.truth,
        }
        for row in range(len(asked) * recipe.seeds)
    ]
    return manifest_of(folder, rows)
