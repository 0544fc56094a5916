"""Candidates ranked together: several measures, brought to one scale and weighed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

TERMS = ("clip", "words", "sentence")
"""Cosine of text and picture; likelihood of the text's words; cosine with the predicted place."""

LEAST = 1e-4
"""No word is taken for more impossible than this, nor for surer."""

STEPS = 10
"""Weights are tried in tenths."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Texts that may describe a picture, and what each term says of them; nan where nothing."""

    texts: Sequence[str]
    terms: Mapping[str, Float[Tensor, " texts"]]
    judged: int | None = (
        None  # how many texts, from the first, the scale is taken from; all if None
    )

    def scores(self, weights: Mapping[str, float]) -> Float[Tensor, " texts"]:
        """The weighted sum of the terms, each standardised over the pool."""
        known = {k: standardised(values, self.judged) for k, values in self.terms.items()}
        return torch.stack([weights.get(name, 0.0) * known[name] for name in known]).sum(0)

    def joined(self, texts: Sequence[str], terms: Mapping[str, Float[Tensor, " more"]]) -> Pool:
        """The pool with more texts, which do not move the scale of those that were there."""
        judged = len(self.texts) if self.judged is None else self.judged
        both = {name: torch.cat([values, terms[name]]) for name, values in self.terms.items()}
        return Pool([*self.texts, *texts], both, judged)

    def ranked(self, weights: Mapping[str, float]) -> list[tuple[str, float]]:
        """The texts with their scores, the best first."""
        scores: list[float] = self.scores(weights).tolist()
        return sorted(zip(self.texts, scores, strict=True), key=lambda each: (-each[1], each[0]))


def standardised(
    values: Float[Tensor, " texts"], judged: int | None = None
) -> Float[Tensor, " texts"]:
    """Values at mean 0 and variance 1; those that are not known count as the mean.

    Mean and variance are those of the first `judged` values, or of all.
    """
    known = values[:judged]
    known = known[~known.isnan()]
    spread = known.std(correction=0) if len(known) else values.new_zeros(())
    if float(spread) < 1e-8:
        return torch.zeros_like(values)
    return ((values - known.mean()) / spread).nan_to_num(0.0)


def likelihood(
    held: Bool[Tensor, "texts words"], probabilities: Float[Tensor, " words"]
) -> Float[Tensor, " texts"]:
    """The mean log-likelihood, over the vocabulary, of holding these words and lacking the rest."""
    sure = probabilities.clamp(LEAST, 1 - LEAST)
    return torch.where(held, sure.log(), (1 - sure).log()).mean(1)


def best_weights(
    pools: Sequence[Pool], merits: Sequence[Float[Tensor, " texts"]]
) -> dict[str, float]:
    """The weights whose first choices have the most merit, over pools of validation pictures.

    `merits` say of each pool's texts how good they truly are. Of weights that do as well, those
    that come first: the most to `clip`, then to `words`.
    """
    known = [
        torch.stack([standardised(pool.terms[name]) for name in TERMS], dim=-1) for pool in pools
    ]
    best, chosen = -torch.inf, (1.0, 0.0, 0.0)
    for weights in _simplex():
        wanted = torch.tensor(weights)
        picked = [float(m[int((k @ wanted).argmax())]) for k, m in zip(known, merits, strict=True)]
        mean = sum(picked) / len(picked)
        if mean > best + 1e-9:
            best, chosen = mean, weights
    return dict(zip(TERMS, chosen, strict=True))


def _simplex() -> Iterator[tuple[float, float, float]]:
    for first in range(STEPS, -1, -1):
        for second in range(STEPS - first, -1, -1):
            yield first / STEPS, second / STEPS, (STEPS - first - second) / STEPS
