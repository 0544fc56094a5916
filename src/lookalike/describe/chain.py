"""The chain describer: a frame and as many phrases of a long list as bring it nearer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nlargest, nsmallest
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from lookalike.core.records import Description
from lookalike.describe.base import Describer

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.describe.bank import Bank
    from lookalike.describe.nearness import Nearness
    from lookalike.models.backbone import Backbone
    from lookalike.models.clip import Clip

Said = tuple[str, ...]

LEAST = 1e-6
"""What a change must bring: less is rounding."""

POOL = 4
"""Of what is tried at each step, one in so many is tried in others' places at the end."""

WEAKEST = 3
"""Places of a chain that others may take at a time."""


class Chain(Describer):
    """Adds the phrase that brings the whole text nearest, again and again, then mends the chain.

    As `best` of clip-interrogator, from lists of any length, of which any number may be said. Ours:
    what a text begins with is read once for all phrases that may follow; after the first step only
    those that promise most are tried; and at the end the weakest are weighed once more against what
    could stand in their place. Whole texts, read as anybody reads them, rank what is told.
    """

    name: ClassVar[str] = "chain"
    summary: ClassVar[str] = "A frame and any number of phrases of a long list, ranked by CLIP."

    bank: str | None = Field(
        default=None, description="A text file of phrases, one a line; the model's own if unset."
    )
    phrases: int = Field(default=32, ge=0, le=64, description="The most phrases in a description.")
    tried: int = Field(
        default=2048, ge=1, le=100_000, description="Phrases, the nearest alone, that are tried."
    )
    kept: int = Field(
        default=512, ge=1, le=100_000, description="Phrases that are tried after the first step."
    )
    mended: int = Field(
        default=8, ge=0, le=100, description="The most phrases that take another's place."
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto",
        description="In what phrases are tried; auto takes bfloat16 where that is fast.",
    )

    def describe(
        self, backbone: Backbone, pictures: Sequence[Image], count: int
    ) -> list[list[Description]]:
        """Up to `count` different prompts for each picture, the best first."""
        from lookalike.core.pictures import aspect
        from lookalike.describe.bank import bank_of, embedded
        from lookalike.describe.nearness import Nearness, looked

        clip, bank = backbone.clip, bank_of(backbone, self.bank)
        frames, alone = embedded(clip, list(bank.frames)), embedded(clip, bank.phrases)
        found = []
        for picture, vector in zip(pictures, looked(clip, pictures), strict=True):
            frame = bank.frames[int((frames @ vector).argmax())]
            nearest = (alone @ vector).topk(min(self.tried, len(alone))).indices.tolist()
            phrases = [p for p in map(bank.phrases.__getitem__, nearest) if bank.fits(frame, p)]
            search = _Search(self, clip, bank, Nearness(clip, vector), frame, phrases)
            said, shape = search.run(count), aspect(picture)
            found.append([search.description(one, shape) for one in said])
        return found


@dataclass(frozen=True, eq=False)
class _Search:
    """The search for one picture, behind one frame; every text that was met keeps its score."""

    options: Chain
    clip: Clip
    bank: Bank
    near: Nearness
    frame: str
    phrases: Sequence[str]
    met: dict[Said, float] = field(default_factory=dict)

    def run(self, count: int) -> list[Said]:
        """The best text, then runners-up."""
        self.met[()] = self.near.of([self.frame])[0]
        self._mend(self._grow(count), count)
        # What ranks the first in the end are whole texts, read as anybody reads them.
        best = self._best(2 * count)
        self.met.update(zip(best, self.near.of([self._text(said) for said in best]), strict=True))
        return self._best(count)

    def description(self, said: Said, aspect: str) -> Description:
        """A text as a description; a phrase's score is what the text loses without it."""
        gains = self.near.gains(self.bank, self.frame, said)
        return Description(
            text=self._text(said),
            score=round(self.met[said], 6),
            parts=tuple(zip(said, gains, strict=True)),
            aspect=aspect,
            by=Chain.name,
        )

    def _grow(self, count: int) -> list[str]:
        """Lengthen the text while there is room, nearer or not: what follows may make up for it.

        Gives the phrases that promise most.
        """
        said, score = Said(), self.met[()]
        gains = dict.fromkeys(self.phrases, math.inf)
        for step in range(self.options.phrases):
            tried = nlargest(
                self.options.kept if step else len(gains), gains, key=gains.__getitem__
            )
            following = self._following(said, tried)
            if not following:
                break
            self.met.update({(*said, phrase): found for phrase, found in following[:count]})
            # What is not tried keeps its gain of an earlier step, and so comes to its turn again.
            gains.update({phrase: found - score for phrase, found in following})
            best, score = following[0]
            said = (*said, best)
            del gains[best]
        return nlargest(self.options.kept // POOL + 1, gains, key=gains.__getitem__)

    def _mend(self, pool: Sequence[str], count: int) -> None:
        """Let other phrases take the place of those that bring least, while this brings more."""
        for _ in range(self.options.mended):
            (best,) = self._best(1)
            score = self.met[best]
            gains = self.near.gains(self.bank, self.frame, best)
            weakest = sorted(range(len(best)), key=gains.__getitem__)[:WEAKEST]
            for place in weakest:
                rest = (*best[:place], *best[place + 1 :])
                left = [phrase for phrase in pool if phrase not in best]
                self.met[rest] = score - gains[place]
                following = self._following(rest, left)[:count]
                self.met.update({(*rest, phrase): score for phrase, score in following})
            if self.met[self._best(1)[0]] < score + LEAST:
                return

    def _following(self, said: Said, phrases: Sequence[str]) -> list[tuple[str, float]]:
        """The phrases that fit behind a text, with the scores of the longer texts, best first."""
        import torch
        from torch.nn.functional import normalize

        from lookalike.models.beginning import Beginning
        from lookalike.models.vgg import precision_on

        # A word never reaches across a space, so tokens of the two pieces are those of the whole.
        before = self._text((*said, "")).rstrip()
        beginning = Beginning.of(self.clip.tower, self.clip.tower.words([before])[0])
        room = beginning.room
        fitting = [phrase for phrase in phrases if len(self.tokens[phrase]) <= room]
        if not fitting:
            return []
        named = precision_on(self.clip.text.device, self.options.precision)
        precision = torch.bfloat16 if named == "bfloat16" else torch.float32
        places = beginning.project([self.tokens[phrase] for phrase in fitting], precision)
        scores = (normalize(places, dim=-1) @ self.near.vector).tolist()
        return sorted(zip(fitting, scores, strict=True), key=lambda one: (-one[1], one[0]))

    def _best(self, count: int) -> list[Said]:
        return nsmallest(count, self.met, key=lambda said: (-self.met[said], said))

    def _text(self, said: Said) -> str:
        return self.bank.text(self.frame, said)

    @cached_property
    def tokens(self) -> dict[str, list[int]]:
        """The token numbers of each phrase."""
        read = self.clip.tower.words(self.phrases)
        return dict(zip(self.phrases, read, strict=True))
