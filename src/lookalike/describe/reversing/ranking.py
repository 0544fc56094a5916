"""Texts ranked by what they promise: the words of the prompt, and a like picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lookalike.describe.nearness import Nearness
from lookalike.describe.reversing.words import marks

TERMS = ("words", "clip")
"""The F1 that a text's words may expect, and its cosine with the picture."""


@dataclass(frozen=True, eq=False)
class Merit:
    """What each text is worth, for one picture: its terms, weighed."""

    nearness: Nearness
    words: tuple[str, ...]
    probable: Float[Tensor, " words"]
    weights: Mapping[str, float]

    def __call__(self, texts: Sequence[str]) -> list[float]:
        """The worth of some texts."""
        total = torch.zeros(len(texts))
        if self.weights.get("words"):
            held = marks(self.words, texts)
            total += self.weights["words"] * expected_f1(held, self.probable)
        if self.weights.get("clip"):
            total += self.weights["clip"] * torch.tensor(self.nearness.of(texts))
        return total.tolist()


def expected_f1(
    held: Bool[Tensor, "texts words"], probabilities: Float[Tensor, " words"]
) -> Float[Tensor, " texts"]:
    """About the F1 to be expected of holding these words, where each is true so probably.

    The ratio of what is to be expected above and below, not the expectation of the ratio.
    """
    said = held.float()
    return 2 * (said @ probabilities) / (said.sum(1) + probabilities.sum()).clamp_min(1e-9)
