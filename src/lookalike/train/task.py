"""What a training needs to know of the thing that it trains."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any, ClassVar, Generic, TypeVar

import torch
from jaxtyping import Float, Int64
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor


class Schedule(BaseModel):
    """How long and how fast a part is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(ge=1, description="Optimiser steps in all.")
    batch: int = Field(ge=1, description="Samples in one step.")
    rate: float = Field(gt=0, description="Highest learning rate.")
    warmup: int = Field(default=200, ge=0, description="Steps of linear warm-up.")
    decay: float = Field(
        default=0.05, ge=0, le=1, description="Final learning rate as a share of the highest."
    )
    weight_decay: float = Field(default=0.01, ge=0, description="AdamW's decoupled decay.")
    betas: tuple[float, float] = Field(default=(0.9, 0.99), description="AdamW's moments.")
    clip: float = Field(default=1.0, gt=0, description="Largest norm of a step's gradient.")
    ema: float = Field(
        default=0.0, ge=0, lt=1, description="Decay of the weights' moving average; 0: none."
    )
    seed: int = Field(default=0, ge=0, description="Where order, noise and dropout come from.")
    bf16: bool = Field(default=True, description="Compute in bfloat16, keep weights in float32.")


def steady(
    *, steps: int, batch: int, rate: float, seed: int, weight_decay: float = 0.01
) -> Schedule:
    """A schedule of one rate throughout, in full precision: for trainings of a few steps."""
    return Schedule(
        steps=steps,
        batch=batch,
        rate=rate,
        warmup=0,
        decay=1.0,
        weight_decay=weight_decay,
        seed=seed,
        bf16=False,
    )


class Recipe(BaseModel):
    """Base of one part's recipe: its architecture, and how it is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schedule: Schedule


R = TypeVar("R", bound=Recipe)


class Task(ABC, Generic[R]):
    """A module under training and the loss of one step.

    Everything that a step draws must come from `chance(step)`, so that a step depends on nothing
    but its number: that is what makes resuming exact.
    """

    called: ClassVar[str]
    aids: ClassVar[tuple[str, ...]] = ()
    """How the names of weights begin that serve training alone and are not shipped."""
    shared: ClassVar[bool] = False
    """Whether several processes may do it together: its loss is then that of the own rows."""
    leaner: ClassVar[str] = ""
    """What takes less memory, said where there is too little."""
    module: Any  # an nn.Module; diffusers and transformers type theirs loosely
    recipe: R

    @property
    def schedule(self) -> Schedule:
        """How long and how fast."""
        return self.recipe.schedule

    @abstractmethod
    def loss(self, step: int) -> tuple[Float[Tensor, ""], Mapping[str, Tensor | float]]:
        """The loss of a step, and further numbers worth showing.

        Where processes share a task, it is the mean over the own rows (`dealt`), or over the whole
        batch from what all have found (`joined`).
        """

    def lent(self) -> AbstractContextManager[None]:
        """A block in which a step goes forth and back; some lend what they learn to a model."""
        return nullcontext()

    def learnt(self) -> Iterator[Tensor]:
        """The weights that change in some of the steps."""
        return (weight for weight in self.module.parameters() if weight.requires_grad)

    def compile(self) -> None:
        """Have torch compile the module, where it can; what it cannot stays as it is."""
        forgiving()
        self.module.compile()

    def pace(self, name: str) -> float:
        """The factor on the learning rate of the weight called `name`."""
        return 1.0

    def chance(self, step: int) -> torch.Generator:
        """The CPU generator of one step: the same for every run of the same seed."""
        return torch.Generator().manual_seed(self.schedule.seed * 1_000_003 + step)

    def order(self, step: int, count: int) -> Int64[Tensor, " batch"]:
        """Which of `count` samples a step sees: every epoch a new permutation, none left out.

        They are those of the whole batch, the same in every process.
        """
        size = self.schedule.batch
        places = torch.arange(step * size, (step + 1) * size)
        seed = self.schedule.seed * 7919
        return torch.stack([_permutation(seed + int(p) // count, count)[p % count] for p in places])


def forgiving() -> None:
    """Have torch run what it cannot compile as it stands."""
    from torch import _dynamo

    _dynamo.config.suppress_errors = True


@lru_cache(maxsize=4)
def _permutation(seed: int, count: int) -> Int64[Tensor, " count"]:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))
