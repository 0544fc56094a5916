"""The interrogator describer: a caption and flavours behind it, as clip-interrogator finds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from lookalike.core.records import Description
from lookalike.describe.base import Describer

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from lookalike.describe.bank import Bank
    from lookalike.describe.nearness import Nearness
    from lookalike.models.backbone import Backbone
    from lookalike.models.clip import Clip

Mode = Literal["best", "fast", "classic"]

KINDS = (
    ("medium", "mediums"),
    ("artist", "artists"),
    ("trending", "trendings"),
    ("movement", "movements"),
)
"""The groups of which a classic description takes one phrase each, in this order."""

FLAVOURS = ("flavour", "flavours", "flavor", "flavors")
CLASSIC = 3
"""Flavours behind them."""

SPARE = 4
"""Phrases next in rank that take the place of a chosen one, where more texts are asked for."""


class Interrogator(Describer):
    """A caption, then flavours: the algorithm of pharmapsychotic's clip-interrogator (2022).

    `best` ranks all phrases by their own nearness to the picture, then adds, one at a time, the
    one that brings the whole text nearest; it weighs the caption and the two other modes against
    that. `fast` adds the phrases that are nearest on their own; `classic` one of each kind.
    Differs from the original: the caption is the bank's nearest frame, as there is no captioner,
    and the phrases are the bank's. A frame takes every phrase, and groups exclude nothing: as
    there.
    """

    name: ClassVar[str] = "interrogator"
    summary: ClassVar[str] = "clip-interrogator's algorithm: a caption and a chain of flavours."

    mode: Mode = Field(default="best", description="How flavours are chosen.")
    bank: str | None = Field(
        default=None, description="A text file of phrases, one a line; the model's own if unset."
    )
    fewest: int = Field(
        default=8, ge=0, le=64, description="Flavours that best adds even where none comes nearer."
    )
    most: int = Field(default=32, ge=1, le=64, description="The most flavours of best and fast.")
    intermediate: int = Field(
        default=2048, ge=1, le=100_000, description="Phrases, the nearest alone, that best tries."
    )

    def describe(
        self, backbone: Backbone, pictures: Sequence[Image], count: int
    ) -> list[list[Description]]:
        """Up to `count` different prompts for each picture: the algorithm's own, then others.

        What follows the first are runners-up: of the chain, the texts that it weighed; of the
        other modes, the texts with a flavour less, or with the next in rank for another. None of
        these is nearer to the picture than the first.
        """
        from lookalike.core.pictures import aspect
        from lookalike.describe.bank import bank_of, embedded
        from lookalike.describe.nearness import Nearness, looked

        clip, bank = backbone.clip, bank_of(backbone, self.bank)
        frames, alone = embedded(clip, list(bank.frames)), embedded(clip, bank.phrases)
        found = []
        for picture, vector in zip(pictures, looked(clip, pictures), strict=True):
            caption = bank.frames[int((frames @ vector).argmax())]
            near = Nearness(clip, vector)
            asking = _Asking(self, clip, bank, near, caption, alone @ vector)
            shape = aspect(picture)
            found.append([asking.description(said, shape) for said in asking.run(count)])
        return found


Flavours = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Asking:
    """The questions to one picture: its caption is chosen, the flavours are not."""

    options: Interrogator
    clip: Clip
    bank: Bank
    near: Nearness
    caption: str
    alone: Tensor

    def run(self, count: int) -> list[Flavours]:
        """The flavours of the best text, then those of runners-up."""
        if self.options.mode == "best":
            return self._ranked([(), self.classic(), self.fast(), *self.chain()])[:count]
        first = self.fast() if self.options.mode == "fast" else self.classic()
        limit = self._score(first)
        others = [said for said in self._others(first) if said != first]
        return [first, *(s for s in self._ranked(others) if self._score(s) <= limit)][:count]

    @cached_property
    def ranked(self) -> list[str]:
        """All phrases, the nearest to the picture first."""
        order = self.alone.argsort(descending=True, stable=True).tolist()
        return list(map(self.bank.phrases.__getitem__, order))

    def fast(self) -> Flavours:
        """The flavours that are nearest on their own, as many as the model reads."""
        said: Flavours = ()
        for phrase in self.ranked[: self.options.most]:
            longer = (*said, phrase)
            if self.clip.cut(self._text(longer)):
                break
            said = longer
        return said

    def classic(self) -> Flavours:
        """The nearest of each kind, and three flavours; of a bank without kinds, one a group."""
        kinds = [self._called(names) for names in KINDS]
        if not any(kinds):
            return tuple(self._nearest(group)[0] for group in self.bank.groups)
        said = [self._nearest(group)[0] for group in kinds if group]
        taken = {phrase for group in kinds for phrase in group}
        rest = [phrase for phrase in self.bank.phrases if phrase not in taken]
        return (*said, *self._nearest(self._called(FLAVOURS) or rest)[:CLASSIC])

    def chain(self) -> list[Flavours]:
        """All that a chain of flavours tries on its way, step after step."""
        left = self.ranked[: self.options.intermediate]
        said: Flavours = ()
        score, tried = self._score(said), []
        for number in range(self.options.most):
            longer = [(*said, phrase) for phrase in left]
            if not longer:
                break
            tried += longer
            best = self._ranked(longer)[0]
            if self._score(best) <= score and number >= self.options.fewest:
                break
            said, score = best, self._score(best)
            left.remove(said[-1])
            if self.clip.cut(self._text(said)):
                break
        return tried

    def description(self, said: Flavours, aspect: str) -> Description:
        """Flavours as a description; a flavour's score is what the text loses without it."""
        gains = self.near.gains(self.bank, self.caption, said)
        return Description(
            text=self._text(said),
            score=round(self._score(said), 6),
            parts=tuple(zip(said, gains, strict=True)),
            aspect=aspect,
            by=Interrogator.name,
        )

    def _others(self, said: Flavours) -> list[Flavours]:
        """The same with a flavour less, or with one of the next in rank in its place."""
        spare = [phrase for phrase in self.ranked if phrase not in said][:SPARE]
        return [
            (*said[:i], *instead, *said[i + 1 :])
            for i in range(len(said))
            for instead in [(), *((phrase,) for phrase in spare)]
        ]

    def _called(self, names: Iterable[str]) -> tuple[str, ...]:
        return next(filter(None, map(self.bank.named, names)), ())

    def _nearest(self, phrases: Iterable[str]) -> list[str]:
        wanted = set(phrases)
        return [phrase for phrase in self.ranked if phrase in wanted]

    def _ranked(self, texts: Iterable[Flavours]) -> list[Flavours]:
        different = list({self._text(said): said for said in texts}.values())
        scores = dict(zip(different, self._scores(different), strict=True))
        return sorted(different, key=lambda said: (-scores[said], said))

    def _scores(self, texts: Sequence[Flavours]) -> list[float]:
        return self.near.of([self._text(said) for said in texts])

    def _score(self, said: Flavours) -> float:
        return self._scores([said])[0]

    def _text(self, said: Flavours) -> str:
        return self.bank.text(self.caption, said)
