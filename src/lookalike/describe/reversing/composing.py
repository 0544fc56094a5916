"""Prompts composed of a bank's phrases: begun with the likeliest, then bettered one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from lookalike.describe.bank import Bank
from lookalike.describe.reversing.lists import lists_of

ROUNDS = 12
"""Steps of a climb at most; few take more than five."""

TRIED = 4
"""Phrases of a list that are tried: the most probable."""

Worth = Callable[[Sequence[str]], Sequence[float]]
"""What texts are worth."""


@dataclass(frozen=True)
class Said:
    """A text of the bank, taken apart: its frame, and its phrases by their groups."""

    frame: str
    phrases: tuple[tuple[int, str], ...]

    def text(self, bank: Bank) -> str:
        """The text, its phrases in the order of their groups."""
        return bank.text(self.frame, tuple(phrase for _, phrase in sorted(self.phrases)))


@dataclass(frozen=True)
class Likely:
    """The likeliest phrases of each list for one picture, and which lists are likely said."""

    bank: Bank
    frames: Sequence[str]
    groups: Sequence[Sequence[str]]
    said: Sequence[bool]

    @classmethod
    def of(cls, bank: Bank, phrases: Sequence[Float[Tensor, " _"]]) -> Likely:
        """By how probable each phrase is, list by list."""
        best = [
            [names[place] for place in told.topk(min(TRIED, len(names))).indices.tolist()]
            for names, told in zip(lists_of(bank), phrases, strict=True)
        ]
        said = [float(told.sum()) >= 0.5 for told in phrases[1:]]
        return cls(bank, best[0], best[1:], said)

    @property
    def start(self) -> Said:
        """The likeliest frame, and the likeliest phrase of each group that is likely said."""
        frame = self.frames[0]
        chosen = [
            (place, group[0])
            for place, (group, said) in enumerate(zip(self.groups, self.said, strict=True))
            if said and self.bank.fits(frame, group[0])
        ]
        return Said(frame, tuple(chosen))

    def near(self, said: Said) -> Iterator[Said]:
        """What differs in one list: another frame or phrase, one more, or one less."""
        for frame in self.frames:
            if frame != said.frame and all(self.bank.fits(frame, p) for _, p in said.phrases):
                yield Said(frame, said.phrases)
        chosen = dict(said.phrases)
        for group, phrases in enumerate(self.groups):
            rest = tuple(each for each in said.phrases if each[0] != group)
            if group in chosen:
                yield Said(said.frame, rest)
            for phrase in phrases:
                if phrase != chosen.get(group) and self.bank.fits(said.frame, phrase):
                    yield Said(said.frame, (*rest, (group, phrase)))


def composed(likely: Likely, worth: Worth) -> dict[str, float]:
    """All texts that were tried on the way up from the likeliest, with what they are worth."""
    bank, best = likely.bank, likely.start
    found = dict(zip([best.text(bank)], worth([best.text(bank)]), strict=True))
    for _ in range(ROUNDS):
        tried = {near.text(bank): near for near in likely.near(best)}
        new = [text for text in tried if text not in found]
        found.update(zip(new, worth(new), strict=True))
        top = max(tried, key=lambda text: found[text], default=None)
        if top is None or found[top] <= found[best.text(bank)] + 1e-6:
            break
        best = tried[top]
    return found
