"""Lists: which phrase of each group of a bank a picture's prompt says, or that it says none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.describe.bank import Bank, embedded
from lookalike.describe.phrases import FRAMES
from lookalike.describe.reversing.words import stop_words, words_of
from lookalike.models.clip import Clip

ByList = Sequence[Float[Tensor, "pictures _"]]
"""A number for each picture and each phrase, list by list."""


def lists_of(bank: Bank) -> tuple[tuple[str, ...], ...]:
    """The lists of a bank, of which a prompt says at most one phrase each: frames, then groups."""
    return (bank.frames, *bank.groups)


def told_by(bank: Bank) -> list[list[frozenset[str]]]:
    """The words that each phrase of each list is known by; a frame's article is none of them."""
    frames = [frozenset(words_of(frame)) for frame in bank.frames]
    groups = [[frozenset(words_of(phrase)) for phrase in group] for group in bank.groups]
    return [[words - stop_words() or words for words in frames], *groups]


@dataclass(frozen=True, eq=False)
class Words:
    """The words of one list, and which of its phrases each stands in."""

    words: tuple[str, ...]
    held: Float[Tensor, "phrases words"]

    @classmethod
    def of(cls, told: Sequence[frozenset[str]]) -> Words:
        """Those of phrases that are known by these, by the alphabet."""
        words = tuple(sorted(frozenset[str]().union(*told)))
        return cls(words, torch.tensor([[word in each for word in words] for each in told]).float())


@dataclass(frozen=True, eq=False)
class Lists:
    """A linear layer over CLIP's features, and what is said of each list by it.

    A phrase is as likely as its words in its list are together: black hair and a black shirt
    share nothing, black hair and black hats do, so that phrases which no prompt had are known too.
    To that comes CLIP's own cosine of phrase and picture, which each list trusts its own way. One
    row more for each list says whether a prompt would say anything of it.
    """

    bank: Bank
    weight: Float[Tensor, "rows shared"]  # each list's words, list by list, then the lists
    bias: Float[Tensor, " rows"]
    trust: Float[Tensor, " lists"]  # what a cosine counts

    @cached_property
    def words(self) -> tuple[Words, ...]:
        """The words of each list."""
        return tuple(map(Words.of, told_by(self.bank)))

    def probable(self, seen: Float[Tensor, "pictures shared"], near: ByList) -> list[Tensor]:
        """How probable it is of each phrase that a picture's prompt says it, list by list."""
        *told, said = self.split(seen @ self.weight.T + self.bias)
        return [
            said[:, [place]].sigmoid() * logits(each, one, cosines, trust).softmax(-1)
            for place, (each, one, cosines, trust) in enumerate(
                zip(told, self.words, near, self.trust, strict=True)
            )
        ]

    def split(self, rows: Float[Tensor, "pictures rows"]) -> tuple[Tensor, ...]:
        """Rows of the layer by lists: of each list its words, and last whether lists are said."""
        return rows.split([*(len(one.words) for one in self.words), len(self.words)], dim=1)

    @classmethod
    def blank(cls, bank: Bank, shared: int) -> Lists:
        """One that has learnt nothing and trusts no cosine."""
        lists = [Words.of(told) for told in told_by(bank)]
        rows = sum(len(one.words) for one in lists) + len(lists)
        return cls(bank, torch.zeros(rows, shared), torch.zeros(rows), torch.zeros(len(lists)))


def logits(
    told: Float[Tensor, "pictures words"],
    words: Words,
    cosines: Float[Tensor, "pictures phrases"],
    trust: Float[Tensor, ""],
) -> Float[Tensor, "pictures phrases"]:
    """How likely each phrase of a list is, if one of them is said, before the softmax."""
    return told @ words.held.T + trust * cosines


def cosines(clip: Clip, bank: Bank, seen: Float[Tensor, "pictures shared"]) -> list[Tensor]:
    """How near each phrase is to each picture, list by list: frames alone, phrases behind one.

    Phrases stand behind the picture's nearest frame; behind the first one, where frames are many.
    """
    with torch.no_grad():
        frames = seen @ embedded(clip, list(bank.frames)).T
        best = frames.argmax(1) if len(bank.frames) <= FRAMES else torch.zeros(len(seen)).long()
        near = torch.zeros(len(seen), len(bank.phrases))
        for place in best.unique().tolist():
            behind = [bank.text(bank.frames[place], (phrase,)) for phrase in bank.phrases]
            rows = best == place
            near[rows] = seen[rows] @ embedded(clip, behind).T
    return [frames, *near.split([len(group) for group in bank.groups], dim=1)]


def word_probabilities(
    lists: Lists,
    phrases: Sequence[Float[Tensor, " _"]],
    words: Sequence[str],
    others: Float[Tensor, " words"],
) -> Float[Tensor, " words"]:
    """How probable it is that a prompt has each word, by the phrases of all lists.

    `phrases` are one picture's, list by list; words that no list has keep what `others` says.
    """
    lacking: dict[str, float] = {}
    for word, probability in _said(lists, phrases):
        lacking[word] = lacking.get(word, 1.0) * (1 - min(probability, 1.0))
    told = [
        1 - lacking[word] if word in lacking else other
        for word, other in zip(words, others.tolist(), strict=True)
    ]
    return torch.tensor(told)


def _said(lists: Lists, phrases: Sequence[Float[Tensor, " _"]]) -> Iterator[tuple[str, float]]:
    for one, probable in zip(lists.words, phrases, strict=True):
        yield from zip(one.words, (probable @ one.held).tolist(), strict=True)
