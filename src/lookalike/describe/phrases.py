"""The phrases describer: a frame and a chain of phrases, chosen by the model's own CLIP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from lookalike.core.records import Description
from lookalike.describe.base import Describer

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from lookalike.describe.bank import Bank
    from lookalike.models.backbone import Backbone
    from lookalike.models.clip import Clip


FRAMES = 8
"""Banks of no more frames weigh each phrase after each frame, larger ones after the first."""


@dataclass(frozen=True)
class Chain:
    """One description in the making: a frame, and at most one phrase of each group."""

    frame: str
    chosen: tuple[tuple[int, str], ...]
    score: float

    @property
    def phrases(self) -> tuple[str, ...]:
        """The phrases in the order of their groups."""
        return tuple(phrase for _, phrase in sorted(self.chosen))

    @property
    def key(self) -> tuple[str, frozenset[tuple[int, str]]]:
        """What makes two chains the same, in whatever order they grew."""
        return self.frame, frozenset(self.chosen)


class Phrases(Describer):
    """Grows descriptions phrase by phrase and keeps what brings them nearer to the picture.

    A beam of chains: each is lengthened by the phrases that alone fit the picture best, one of a
    group; the best of all lengths are kept; then each phrase is weighed once more against the
    others of its group. Scores are cosines in CLIP's shared space.
    """

    name: ClassVar[str] = "phrases"
    summary: ClassVar[str] = "A frame and a chain of phrases from a bank, ranked by CLIP."

    bank: str | None = Field(
        default=None, description="A text file of phrases, one a line; the model's own if unset."
    )
    phrases: int = Field(default=12, ge=0, le=32, description="The most phrases in a description.")
    options: int = Field(
        default=4, ge=1, le=64, description="Phrases of a group that are tried in context."
    )
    beam: int = Field(default=2, ge=1, le=64, description="Chains that grow side by side.")

    def describe(
        self, backbone: Backbone, pictures: Sequence[Image], count: int
    ) -> list[list[Description]]:
        """`count` different prompts for each picture, the best first."""
        import torch

        from lookalike.core.pictures import aspect
        from lookalike.describe.bank import bank_of, embedded
        from lookalike.describe.nearness import looked

        clip, bank = backbone.clip, bank_of(backbone, self.bank)
        seen = looked(clip, pictures)
        with torch.no_grad():
            frames = embedded(clip, list(bank.frames))
            alone = {
                frame: embedded(clip, [bank.text(frame, (p,)) for p in bank.phrases])
                for frame in bank.frames[: FRAMES if len(bank.frames) <= FRAMES else 1]
            }
            found = []
            for picture, vector in zip(pictures, seen, strict=True):
                scores = {frame: texts @ vector for frame, texts in alone.items()}
                search = _Search(clip, bank, vector, scores, self)
                chains = search.run(frames @ vector, count)
                found.append([_description(c, bank, search, aspect(picture)) for c in chains])
        return found


class _Search:
    """The search for one picture: every text that was scored is remembered."""

    def __init__(
        self,
        clip: Clip,
        bank: Bank,
        vector: Tensor,
        alone: Mapping[str, Tensor],
        options: Phrases,
    ) -> None:
        from lookalike.describe.nearness import Nearness

        self.bank, self.options, self.near = bank, options, Nearness(clip, vector)
        self.alone, self.most = alone, options.options
        self.kept: dict[str, list[list[str]]] = {}

    def run(self, frames: Tensor, count: int) -> list[Chain]:
        """The best `count` chains, all different."""
        self.most = max(count, self.options.options)
        width = max(count, self.options.beam)
        best = frames.topk(min(width, len(frames))).indices.tolist()
        starts = self.scored([Chain(self.bank.frames[i], (), 0.0) for i in best])
        every = {chain.key: chain for chain in starts}
        beam = _top(starts, self.options.beam)
        for _ in range(min(self.options.phrases, len(self.bank.groups))):
            longer = self.scored([c for chain in beam for c in self._longer(chain)])
            # More are kept than grow, so that even a short bank gives as many as are asked for.
            every.update({chain.key: chain for chain in _top(longer, width)})
            beam = _top(longer, self.options.beam)
            if not beam:
                break
        return self._polished(_top(every.values(), width), count)

    def ranked(self, frame: str) -> list[list[str]]:
        """The phrases of each group, at most `most`, that fit best on their own after a frame."""
        if frame not in self.kept:
            told = self.alone.get(frame, next(iter(self.alone.values()))).tolist()
            scores = dict(zip(self.bank.phrases, told, strict=True))
            fitting = [[p for p in g if self.bank.fits(frame, p)] for g in self.bank.groups]
            self.kept[frame] = [sorted(g, key=lambda p: -scores[p])[: self.most] for g in fitting]
        return self.kept[frame]

    def _longer(self, chain: Chain) -> list[Chain]:
        taken = {number for number, _ in chain.chosen}
        return [
            Chain(chain.frame, (*chain.chosen, (number, phrase)), 0.0)
            for number, group in enumerate(self.ranked(chain.frame))
            if number not in taken
            for phrase in group
        ]

    def _polished(self, chains: Sequence[Chain], count: int) -> list[Chain]:
        """Chains with each phrase weighed against the others of its group, and against none."""
        every = {chain.key: chain for chain in chains}
        best = max(chains, key=lambda c: c.score)
        while True:
            others = self.scored(list(self._neighbours(best)))
            every.update({chain.key: chain for chain in others})
            nearer = max(others, key=lambda c: c.score, default=best)
            if nearer.score <= best.score + 1e-6:
                return _top(every.values(), count)
            best = nearer

    def _neighbours(self, chain: Chain) -> list[Chain]:
        found = [Chain(frame, chain.chosen, 0.0) for frame in self._frames(chain)]
        for place, (number, phrase) in enumerate(chain.chosen):
            rest = (*chain.chosen[:place], *chain.chosen[place + 1 :])
            found.append(Chain(chain.frame, rest, 0.0))
            found += [
                Chain(chain.frame, (*rest, (number, other)), 0.0)
                for other in self.ranked(chain.frame)[number]
                if other != phrase
            ]
        return found

    def _frames(self, chain: Chain) -> list[str]:
        others = [
            frame
            for frame in self.bank.frames
            if frame != chain.frame and all(self.bank.fits(frame, p) for p in chain.phrases)
        ]
        return others[: self.options.options]

    def scored(self, chains: list[Chain]) -> list[Chain]:
        """The same chains with their scores."""
        scores = self.near.of([self.bank.text(c.frame, c.phrases) for c in chains])
        return [replace(c, score=score) for c, score in zip(chains, scores, strict=True)]


def _top(chains: Iterable[Chain], count: int) -> list[Chain]:
    different = {c.key: c for c in chains}
    return sorted(different.values(), key=lambda c: (-c.score, c.phrases))[:count]


def _description(chain: Chain, bank: Bank, search: _Search, aspect: str) -> Description:
    """A chain as a description; a phrase's score is what the text loses without it."""
    gains = search.near.gains(bank, chain.frame, chain.phrases)
    return Description(
        text=bank.text(chain.frame, chain.phrases),
        score=round(chain.score, 6),
        parts=tuple(zip(chain.phrases, gains, strict=True)),
        aspect=aspect,
        by=Phrases.name,
    )
