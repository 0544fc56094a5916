"""The border between data and tensors: what a sampling loop needs, and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.grids import grid, layout
from lookalike.core.pictures import MAX_PIXELS, save_numbered
from lookalike.core.png import Sign
from lookalike.core.records import GUIDANCE, Prompt, Recipe

Denoise = Callable[[Tensor, Tensor, Embedding], Tensor]
"""`denoise(x, level, conditioning)`: the clean latents that a model sees in noisy ones."""

Wrap = Callable[[Denoise], Denoise]
"""A change to every call of the denoiser, put around it."""


Finish = Callable[[Image.Image], Image.Image]
"""What is done to each picture after it is decoded."""


@runtime_checkable
class Injection(Protocol):
    """A change to a shared U-Net that a `with` block makes, and takes back whatever happens."""

    def __call__(self, backbone: Any, /) -> AbstractContextManager[None]:
        """Change `backbone` until the block ends."""
        ...


@dataclass(frozen=True, eq=False)
class Conditioning:
    """A prompt's vectors with their weight; a negative weight pushes away.

    What it says is measured against what shows without any words, or `against` other vectors.
    """

    embedding: Embedding
    weight: float = 1.0
    against: Embedding | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """One run, ready to go: no name, path or text in it is left to look up.

    `start` is noise of unit variance when `first` is 0. When `first` is greater, sampling starts
    at that level (of 0 up to steps - 1) from `clean` with the noise of `start` added. `mask` is 1
    where the latents may change; where it is 0 they end as `clean`.
    Samplers that add noise on their way draw it from `seeds`, one for each picture.
    """

    prompt: Prompt
    conditionings: tuple[Conditioning, ...]
    unconditional: Embedding
    start: Float[Tensor, "batch channels height width"]
    first: int = 0
    clean: Float[Tensor, "batch channels height width"] | None = None
    mask: Float[Tensor, "maskbatch 1 height width"] | None = None
    wraps: tuple[Wrap, ...] = ()
    injections: tuple[Injection, ...] = ()
    finish: Finish | None = None
    seeds: tuple[int, ...] = ()

    @property
    def guidance(self) -> float:
        """How strictly the prompt is followed."""
        return self.prompt.settings.guided(GUIDANCE)


@dataclass(frozen=True, eq=False)
class Result:
    """The pictures of one run, and the recipe that makes them again."""

    pictures: list[Image.Image]
    recipe: Recipe

    def __post_init__(self) -> None:
        if len(self.pictures) != len(self.recipe.seeds):
            seeds = len(self.recipe.seeds)
            raise ValueError(f"{len(self.pictures)} pictures cannot have {seeds} seeds")

    @property
    def has_grid(self) -> bool:
        """Whether there is more than one picture, and one picture can hold them all."""
        columns, rows = layout(len(self.pictures))
        width, height = self.pictures[0].size
        return len(self.pictures) > 1 and columns * width * rows * height <= MAX_PIXELS

    def save(
        self, folder: Path, *, name: str | None = None, sign: Sign | None = None
    ) -> list[Path]:
        """Write every picture with its own recipe; names sort, and no file is overwritten.

        Files are called by what made them, or by `name`; `sign` makes signed files of them.
        """
        every = range(len(self.pictures))
        return [self.save_one(folder, index, name=name, sign=sign) for index in every]

    def save_one(
        self, folder: Path, index: int, *, name: str | None = None, sign: Sign | None = None
    ) -> Path:
        """Write one of the pictures."""
        recipe = self.recipe.model_copy(update={"index": index, "tiles": None})
        return save_numbered(self.pictures[index], folder, name or recipe.made_by, recipe, sign)

    def save_grid(self, folder: Path, *, name: str | None = None, sign: Sign | None = None) -> Path:
        """Write all pictures as one, edge to edge; `lookalike pick` takes them out again."""
        tiles = layout(len(self.pictures))
        recipe = self.recipe.model_copy(update={"index": 0, "tiles": tiles})
        stem = f"{name or recipe.made_by}-grid"
        return save_numbered(grid(self.pictures), folder, stem, recipe, sign)
