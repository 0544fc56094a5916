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
from lookalike.core.errors import OutputError
from lookalike.core.files import next_free
from lookalike.core.pictures import save_picture
from lookalike.core.records import Prompt, Recipe

Denoise = Callable[[Tensor, Tensor, Embedding], Tensor]
"""`denoise(x, level, conditioning)`: the clean latents that a model sees in noisy ones."""

Wrap = Callable[[Denoise], Denoise]
"""A change to every call of the denoiser, put around it."""


@runtime_checkable
class Injection(Protocol):
    """A change to a shared U-Net that a `with` block makes, and takes back whatever happens."""

    def __call__(self, backbone: Any, /) -> AbstractContextManager[None]:
        """Change `backbone` until the block ends."""
        ...


@dataclass(frozen=True, eq=False)
class Conditioning:
    """A prompt's vectors with their weight; a negative weight pushes away."""

    embedding: Embedding
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Plan:
    """One run, ready to go: no name, path or text in it is left to look up.

    `start` is noise of unit variance when `first` is 0. When `first` is greater, sampling starts
    at that level (of 0 up to steps - 1) from `clean` with the noise of `start` added. `mask` is 1
    where the picture may change.
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


@dataclass(frozen=True, eq=False)
class Result:
    """The pictures of one run, and the recipe that makes them again."""

    pictures: list[Image.Image]
    recipe: Recipe

    def __post_init__(self) -> None:
        if len(self.pictures) != len(self.recipe.seeds):
            seeds = len(self.recipe.seeds)
            raise ValueError(f"{len(self.pictures)} pictures cannot have {seeds} seeds")

    def save(self, folder: Path) -> list[Path]:
        """Write every picture with its own recipe; names sort, and no file is overwritten."""
        return [self._save(folder, index) for index in range(len(self.pictures))]

    def _save(self, folder: Path, index: int) -> Path:
        recipe = self.recipe.model_copy(update={"index": index})
        while True:
            path = next_free(folder, recipe.made_by, ".png")
            try:
                save_picture(self.pictures[index], path, recipe)
            except OutputError:
                if not path.exists():
                    raise
                continue  # another run took the name in between
            return path
