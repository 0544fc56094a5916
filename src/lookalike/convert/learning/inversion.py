"""Textual inversion: the pseudo-words under which a frozen model denoises pictures best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import ClassVar

import torch
from jaxtyping import Float, Int64
from PIL.Image import Image
from pydantic import Field
from torch import Tensor, nn

from lookalike.convert.learning.denoising import DenoisingRecipe, DenoisingTask, trainable
from lookalike.core.embedding import Embedding
from lookalike.models.backbone import Backbone
from lookalike.models.spoken import FIRST, in_place, places, table
from lookalike.train.loop import train

Pseudo = list[Float[Tensor, "1 slots _"]]  # each tower has its own width
"""The vectors of the pseudo-words, for each text tower of a model."""


class InversionRecipe(DenoisingRecipe):
    """What a textual inversion learns, and how."""

    vectors: int = Field(default=1, ge=1, le=16, description="Pseudo-words that are learnt.")
    word: str = Field(min_length=1, description="The word that they start as.")


class InversionTask(DenoisingTask[InversionRecipe]):
    """The loss of denoising pictures under pseudo-words; nothing of the model is changed."""

    called: ClassVar[str] = "textual inversion"

    def __init__(
        self, backbone: Backbone, pictures: Sequence[Image], recipe: InversionRecipe
    ) -> None:
        super().__init__(backbone, pictures, recipe)
        self.module = nn.ParameterList(
            nn.Parameter(table(tower)[tower.ids([recipe.word])[:, FIRST : FIRST + 1]])
            for tower in backbone.towers
        )
        with torch.no_grad():
            for each in self.module:
                each.data = each.data.repeat(1, recipe.vectors, 1)

    def pace(self, name: str) -> float:
        """The rate is a share of the length of a number of the word that a tower starts from."""
        return float(self.module[int(name)].detach().square().mean().sqrt())

    def prompt(self, which: Int64[Tensor, " batch"], chance: torch.Generator) -> Embedding:
        """The pseudo-words alone, the same for all pictures."""
        return spoken(self.backbone, list(self.module)).repeat(len(which))


def invert(backbone: Backbone, pictures: Sequence[Image], recipe: InversionRecipe) -> Pseudo:
    """The pseudo-words of pictures that show one subject."""
    task = InversionTask(backbone, pictures, recipe)
    with trainable(backbone, recipe):
        for _ in train(task, None):
            pass
    return [each.detach() for each in task.module]


def spoken(backbone: Backbone, words: Pseudo, text: str = "") -> Embedding:
    """What the U-Net reads of pseudo-words with `text` behind them; open to gradients."""
    with _in_all(backbone, words):
        return backbone.embed([places(words[0].shape[1]) + text])


@contextmanager
def _in_all(backbone: Backbone, words: Pseudo) -> Iterator[None]:
    with ExitStack() as stack:
        for tower, own in zip(backbone.towers, words, strict=True):
            stack.enter_context(in_place(tower, own))
        yield
