"""Texts that may describe a picture: those of an index, and those of the words detected in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.core.nearest import Nearest
from lookalike.describe.bank import Bank
from lookalike.describe.reversing.ranking import LEAST
from lookalike.describe.reversing.words import words_of

OTHERS = 2
"""Phrases next in rank that take the place of a group's best."""


def retrieved(
    predicted: Float[Tensor, " width"], prompts: Sequence[str], index: Nearest, count: int
) -> dict[str, float]:
    """The `count` different prompts that lie nearest to a predicted place, with their cosines."""
    query, found, asked = predicted.numpy()[None], dict[str, float](), count
    # A prompt may stand in the index several times: it is looked further until there are enough.
    while count and len(found) < count:
        asked = min(asked, len(prompts))
        near, rows = index.find(query, asked)
        pairs = zip(rows[0].tolist(), near[0].tolist(), strict=True)
        found = {}
        for row, cosine in pairs:
            if len(found) < count:
                found.setdefault(prompts[row], cosine)
        if asked == len(prompts):
            break
        asked *= 2
    return found


@dataclass(frozen=True)
class Detector:
    """The words of a vocabulary that a picture's prompt seems to hold, and how sure that is.

    `evidence` is a word's log-odds above those of its threshold: positive where it is detected.
    """

    evidence: dict[str, float]

    @classmethod
    def of(
        cls,
        words: Sequence[str],
        probabilities: Float[Tensor, " words"],
        thresholds: Float[Tensor, " words"],
    ) -> Detector:
        """Words, their probabilities, and the probability from which each counts as there."""
        odds = torch.logit(probabilities, LEAST) - torch.logit(thresholds, LEAST)
        return cls(dict(zip(words, odds.tolist(), strict=True)))

    def of_text(self, text: str) -> float | None:
        """How sure all words of a text together are; None if one is not detected, or none known.

        The sum, not the mean: of two phrases whose words are all there, the longer one says more.
        """
        known = [self.evidence[word] for word in words_of(text) if word in self.evidence]
        return sum(known) if known and min(known) >= 0 else None

    def frame(self, frames: Sequence[str], near: Sequence[float]) -> str:
        """The surest frame; the nearest to the picture of those that are equally sure."""
        sure = {frame: self.of_text(frame) or 0.0 for frame in frames}
        nearness = dict(zip(frames, near, strict=True))
        return max(frames, key=lambda frame: (sure[frame], nearness[frame]))

    def phrases(self, bank: Bank, frame: str) -> list[list[str]]:
        """Of each group, the phrases that fit a frame and are detected, the surest first."""
        found: list[list[str]] = []
        for group in bank.groups:
            sure = {p: s for p in group if (s := self.of_text(p)) is not None}
            fitting = [phrase for phrase in sure if bank.fits(frame, phrase)]
            found.append(sorted(fitting, key=lambda phrase: -sure[phrase]))
        return found


def detected(detector: Detector, bank: Bank, near: Sequence[float]) -> list[str]:
    """The surest phrase of each group behind the surest frame, and what differs in one group.

    There a group is silent, or says what is next in rank: words alone do not tell whether it is
    the hair that is black or the shirt. `near` says how near each frame is to the picture.
    """
    frame = detector.frame(bank.frames, near)
    groups = [group for group in detector.phrases(bank, frame) if group]
    first = tuple(group[0] for group in groups)
    said = [first]
    for place, group in enumerate(groups):
        before, after = first[:place], first[place + 1 :]
        said += [(*before, *instead, *after) for instead in [(), *_alone(group)]]
    return list(dict.fromkeys(bank.text(frame, phrases) for phrases in said))


def _alone(group: Sequence[str]) -> list[tuple[str, ...]]:
    return [(phrase,) for phrase in group[1 : 1 + OTHERS]]
