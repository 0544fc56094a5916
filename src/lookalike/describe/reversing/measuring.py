"""What the terms of the ranking say of any text, for one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.describe.bank import Bank
from lookalike.describe.nearness import Nearness
from lookalike.describe.reversing.ranking import likelihood
from lookalike.describe.reversing.words import marks

TRIED = 4
"""Phrases of a group that are tried: those that alone fit the picture best."""


@dataclass(frozen=True, eq=False)
class Measure:
    """CLIP's cosine, the likelihood of words, and the nearness of prompts of the index."""

    nearness: Nearness
    words: tuple[str, ...]
    probable: Float[Tensor, " words"]
    near: Mapping[str, float]

    def __call__(self, texts: Sequence[str]) -> dict[str, Float[Tensor, " texts"]]:
        """Each term over some texts; nan where it says nothing."""
        return {
            "clip": torch.tensor(self.nearness.of(texts)),
            "words": likelihood(marks(self.words, texts), self.probable),
            "sentence": torch.tensor([self.near.get(text, torch.nan) for text in texts]),
        }


def options_of(bank: Bank, alone: Sequence[float]) -> list[list[str]]:
    """The phrases of each group that fit best by themselves; `alone` says how well each does."""
    fit = dict(zip(bank.phrases, alone, strict=True))
    return [sorted(group, key=lambda p: -fit[p])[:TRIED] for group in bank.groups]
