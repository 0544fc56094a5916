"""Weights of the terms that rank a describer's candidates, fitted to the validation part."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.describe.reverse import Reverse
from lookalike.describe.reversing.ranking import best_weights
from lookalike.describe.reversing.reverser import Reverser
from lookalike.describe.reversing.words import marks
from lookalike.models.backbone import Backbone
from lookalike.reverse.manifest import Manifest, firsts
from lookalike.reverse.members import Doing

ASKED = 100
"""Validation pictures, each of another prompt, that the weights are fitted to."""

BATCH = 10


def ranked(
    backbone: Backbone, reverser: Reverser, validation: Manifest, asked: int = ASKED
) -> Generator[Doing, None, Reverser]:
    """The same model, with the weights whose first choices say most of what true prompts say.

    The merit of a candidate is the F1 of its vocabulary words against the true prompt's.
    """
    prompts = validation.prompts
    rows = firsts(prompts)[:asked]
    pools, merits = [], []
    for start in range(0, len(rows), BATCH):
        chosen = rows[start : start + BATCH]
        pictures = [validation.picture(row) for row in chosen]
        read = Reverse().read(backbone, reverser, pictures)
        for row, each in zip(chosen, read, strict=True):
            pools.append(each.pool)
            merits.append(merit(reverser.words, each.pool.texts, prompts[row]))
        yield Doing("ranking", start + len(chosen), len(rows))
    weights: Mapping[str, Any] = best_weights(pools, merits)
    about = reverser.about.model_copy(update={"weights": weights})
    return replace(reverser, about=about)


def merit(words: tuple[str, ...], texts: Sequence[str], truth: str) -> Float[Tensor, " texts"]:
    """The F1 of each text's words against the truth's."""
    held, true = marks(words, texts).float(), marks(words, [truth]).float()[0]
    both = held @ true
    return torch.nan_to_num(2 * both / (held.sum(1) + true.sum()), nan=1.0)
