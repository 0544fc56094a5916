"""Names: the two-word identities that a generator learns from, as token embeddings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.characters.identities import SLOTS, WordsTask, people
from lookalike.characters.recipe import NamesRecipe
from lookalike.core.errors import OptionError
from lookalike.core.files import reason
from lookalike.models.backbone import Backbone
from lookalike.models.named import Words
from lookalike.models.spoken import table
from lookalike.train.loop import Step, train

FEWEST = 16
"""Fewer names than this have no statistics worth the name."""


@dataclass(frozen=True, eq=False)
class Names:
    """Identities as rows, each the pseudo-words of all text towers side by side."""

    rows: Float[Tensor, "names whole"]
    widths: Sequence[int]

    @property
    def sha256(self) -> str:
        """A fingerprint of the rows."""
        return hashlib.sha256(self.rows.contiguous().numpy().tobytes()).hexdigest()

    def directions(
        self, kept: float
    ) -> tuple[Float[Tensor, " whole"], Float[Tensor, "wide whole"]]:
        """The mean, and the main directions that carry `kept` of the variance.

        Each is as long as the names' spread along it. Differs from CharacterFactory, which sets
        mean and spread of each number by itself: names that lie in a few directions are then
        drowned in all the others.
        """
        mean = self.rows.mean(0)
        _, spread, found = torch.linalg.svd(self.rows - mean, full_matrices=False)
        share = spread.square().cumsum(0) / spread.square().sum()
        wide = min(int((share < kept).sum()) + 1, len(spread))
        lengths = spread[:wide] / max(1, len(self.rows) - 1) ** 0.5
        return mean, found[:wide] * lengths[:, None]

    def coordinates(
        self, mean: Float[Tensor, " whole"], directions: Float[Tensor, "wide whole"]
    ) -> Float[Tensor, "names wide"]:
        """Where the names lie along directions, in units of their spread."""
        return (self.rows - mean) @ (directions / directions.square().sum(1, keepdim=True)).T


def world_names(backbone: Backbone, recipe: NamesRecipe, run: Path) -> Iterator[Step | Names]:
    """Characters of the drawn world's training part; learns their words first, where it should.

    Yields the steps of that learning and the names last.
    """
    shown = people("train", recipe.count)
    task = _task(backbone, recipe)
    if recipe.words is not None:
        yield from train(task, run / task.called)
    with torch.no_grad():
        yield _stacked(task.module(shown))


def _task(backbone: Backbone, recipe: NamesRecipe) -> WordsTask:
    from lookalike.characters.recipe import WordsRecipe
    from lookalike.train.task import steady

    plain = WordsRecipe(schedule=steady(steps=1, batch=1, rate=1, seed=0), templates=("@it",))
    return WordsTask(backbone, people("train", recipe.count), recipe.words or plain)


def file_names(backbone: Backbone, path: Path) -> Names:
    """The names in a file: two words in a line, each of which is one token for every tower.

    Raises:
        OptionError: the file cannot be read, or fewer than 16 of its names can be used.
    """
    try:
        lines = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as fault:
        why = reason(fault) if isinstance(fault, OSError) else "it is not text in UTF-8"
        raise OptionError(f"cannot read the names in {path}: {why}") from fault
    tokens = [_tokens(backbone, line) for line in lines if len(line) == SLOTS]
    usable = [each for each in tokens if each is not None]
    if len(usable) < FEWEST:
        raise OptionError(
            f"{path} holds {len(usable)} names of two words that are one token each for "
            f"{backbone.name}; {FEWEST} are the fewest to learn from"
        )
    return _stacked(usable)


def _tokens(backbone: Backbone, words: Sequence[str]) -> Words | None:
    """The embeddings of words; None where one is several tokens."""
    found: list[Tensor] = []
    for tower in backbone.towers:
        ids = [tower.tokenizer(word, add_special_tokens=False)["input_ids"] for word in words]
        if any(len(each) != 1 for each in ids):
            return None
        found.append(table(tower)[[each[0] for each in ids]])
    return tuple(found)


def _stacked(words: Sequence[Words]) -> Names:
    rows = torch.stack([torch.cat(list(each), -1).flatten() for each in words])
    return Names(rows.float().cpu(), [each.shape[-1] for each in words[0]])
