"""From the best candidate to better ones: one phrase is put, taken out or changed at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.describe.bank import Bank
from lookalike.describe.reversing.ranking import Pool

ROUNDS = 12
"""Steps of a climb at most; few take more than five."""

Measure = Callable[[Sequence[str]], Mapping[str, Float[Tensor, " texts"]]]
"""What each term says of texts."""


@dataclass(frozen=True)
class Said:
    """A text of the bank, taken apart: its frame, and its phrases by their groups."""

    frame: str
    phrases: tuple[tuple[int, str], ...]

    def text(self, bank: Bank) -> str:
        """The text, its phrases in the order of their groups."""
        return bank.text(self.frame, tuple(phrase for _, phrase in sorted(self.phrases)))


def taken_apart(bank: Bank, text: str) -> Said | None:
    """A text as the bank would say it; None where it says what the bank does not know."""
    groups = {phrase: place for place, group in enumerate(bank.groups) for phrase in group}
    for frame in sorted(bank.frames, key=len, reverse=True):
        if text != frame and not text.startswith(frame + bank.joint):
            continue
        rest = text.removeprefix(frame).removeprefix(bank.joint)
        phrases = rest.split(", ") if rest else []
        if all(phrase in groups for phrase in phrases):
            return Said(frame, tuple((groups[phrase], phrase) for phrase in phrases))
    return None


def climbed(
    pool: Pool,
    weights: Mapping[str, float],
    bank: Bank,
    options: Sequence[Sequence[str]],
    measure: Measure,
) -> Pool:
    """The pool with all that was tried on the way up from its best text in the bank's words.

    `options` are the phrases of each group that are worth trying. Scores stay on the pool's own
    scale, so that texts which are tried later do not move those that were there.
    """
    start = next((s for text, _ in pool.ranked(weights) if (s := taken_apart(bank, text))), None)
    best = start
    for _ in range(ROUNDS):
        if best is None:
            break
        known = set(pool.texts)
        tried = {near.text(bank): near for near in _near(best, bank, options)}
        new = [text for text in tried if text not in known]
        if new:
            pool = pool.joined(new, measure(new))
        scores = dict(pool.ranked(weights))
        top = max(tried, key=lambda text: scores[text], default=None)
        if top is None or scores[top] <= scores.get(best.text(bank), -torch.inf) + 1e-6:
            break
        best = tried[top]
    return pool


def _near(said: Said, bank: Bank, options: Sequence[Sequence[str]]) -> Iterator[Said]:
    for frame in bank.frames:
        if frame != said.frame and all(bank.fits(frame, phrase) for _, phrase in said.phrases):
            yield Said(frame, said.phrases)
    chosen = dict(said.phrases)
    for group, phrases in enumerate(options):
        rest = tuple((place, phrase) for place, phrase in said.phrases if place != group)
        if group in chosen:
            yield Said(said.frame, rest)
        for phrase in phrases:
            if phrase != chosen.get(group) and bank.fits(said.frame, phrase):
                yield Said(said.frame, (*rest, (group, phrase)))
