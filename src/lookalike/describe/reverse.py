"""The reverse describer: prompts found, detected and grown, ranked together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from lookalike.core.errors import ModelError, OptionError
from lookalike.core.records import Description
from lookalike.describe.base import Describer

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from lookalike.describe.bank import Bank
    from lookalike.describe.reversing.face import Reverser
    from lookalike.describe.reversing.measuring import Measure
    from lookalike.describe.reversing.ranking import Pool
    from lookalike.models.backbone import Backbone


class Reverse(Describer):
    """Prompts from three sources: training prompts, detected words, and the phrase chain.

    A trained reverse model predicts where a picture's prompt lies among sentences, and which words
    it holds. All candidates are ranked by CLIP's cosine, by the likelihood of their words and,
    those of the index, by their nearness to the predicted place; no sentence encoder is needed.
    """

    name: ClassVar[str] = "reverse"
    summary: ClassVar[str] = "Prompts found, detected and grown by a trained reverse model."

    weights: str | None = Field(
        default=None, description="What `lookalike reverse train` wrote; the model's own if unset."
    )
    bank: str | None = Field(
        default=None, description="A text file of phrases, one a line; the model's own if unset."
    )
    retrieved: int = Field(
        default=16, ge=0, le=1000, description="Training prompts that are candidates."
    )
    detected: bool = Field(
        default=True, description="Whether phrases of detected words are candidates."
    )
    climb: bool = Field(
        default=True, description="Whether the best candidate is bettered phrase by phrase."
    )
    grown: int = Field(
        default=8, ge=0, le=64, description="Candidates that the phrase chain gives."
    )

    def describe(
        self, backbone: Backbone, pictures: Sequence[Image], count: int
    ) -> list[list[Description]]:
        """Up to `count` different prompts for each picture, the best first.

        A description's parts are the words of the vocabulary in it, each with its probability.

        Raises:
            OptionError: no trained model is at hand, or there is no source of candidates.
            ModelError: the one that is named is none.
        """
        from lookalike.core.pictures import aspect

        if not (self.retrieved or self.detected or self.grown):
            raise OptionError("reverse has no candidates: set retrieved, detected or grown")
        reverser = self.reverser(backbone)
        told = zip(pictures, self.read(backbone, reverser, pictures), strict=True)
        return [
            [
                Description(
                    text=text,
                    score=round(score, 6),
                    parts=tuple(_parts(text, each.words)),
                    aspect=aspect(picture),
                    by=self.name,
                )
                for text, score in self.best(each, reverser)[:count]
            ]
            for picture, each in told
        ]

    def best(self, read: Reading, reverser: Reverser) -> list[tuple[str, float]]:
        """The candidates of a picture with their scores, the best first."""
        from lookalike.describe.reversing.climbing import climbed

        pool, weights = read.pool, reverser.weights
        if self.climb:
            pool = climbed(pool, weights, read.bank, read.options, read.measure)
        return pool.ranked(weights)

    def reverser(self, backbone: Backbone) -> Reverser:
        """The trained model that is named, or the Backbone's own."""
        from lookalike.describe.reversing.reverser import reverser_of

        try:
            return reverser_of(backbone, self.weights)
        except ModelError as fault:
            if self.weights is not None:
                raise
            raise OptionError(
                f"reverse reads pictures by what `lookalike reverse train` learns; for "
                f"{backbone.name} nothing is at hand, so name a file with --weights ({fault})"
            ) from fault

    def read(
        self, backbone: Backbone, reverser: Reverser, pictures: Sequence[Image]
    ) -> list[Reading]:
        """What was read of each picture, before the terms are weighed."""
        import torch

        from lookalike.describe.bank import bank_of, embedded
        from lookalike.describe.nearness import Nearness, looked
        from lookalike.describe.reversing.measuring import Measure, options_of
        from lookalike.describe.reversing.ranking import Pool

        with torch.no_grad():
            predicted = reverser.predict(backbone, pictures).cpu()
            probable = reverser.modifiers(predicted).cpu()
        seen, bank = looked(backbone.clip, pictures), bank_of(backbone, self.bank)
        frames = seen @ embedded(backbone.clip, list(bank.frames)).T
        grown = self._grown(backbone, pictures)
        found, alone = [], dict[str, "Tensor"]()
        for row, vector in enumerate(seen):
            frame = bank.frames[int(frames[row].argmax())]
            if frame not in alone:
                alone[frame] = embedded(
                    backbone.clip, [bank.text(frame, (p,)) for p in bank.phrases]
                )
            near, texts = self._candidates(
                bank, reverser, predicted[row], probable[row], frames[row].tolist()
            )
            texts = list(dict.fromkeys([*grown[row], *texts]))
            measure = Measure(Nearness(backbone.clip, vector), reverser.words, probable[row], near)
            options = options_of(bank, (alone[frame] @ vector).tolist())
            found.append(Reading(Pool(texts, measure(texts)), bank, options, measure))
        return found

    def _candidates(
        self,
        bank: Bank,
        reverser: Reverser,
        predicted: Tensor,
        probable: Tensor,
        frames: Sequence[float],
    ) -> tuple[dict[str, float], list[str]]:
        """The prompts of the index with their nearness, and all texts: theirs and detected ones."""
        from lookalike.describe.reversing.candidates import Detector, detected, retrieved

        near = retrieved(predicted, reverser.prompts, reverser.index, self.retrieved)
        if not self.detected:
            return near, list(near)
        detector = Detector.of(reverser.words, probable, reverser.thresholds)
        return near, [*detected(detector, bank, frames), *near]

    def _grown(self, backbone: Backbone, pictures: Sequence[Image]) -> list[list[str]]:
        from lookalike.describe.phrases import Phrases

        if not self.grown:
            return [[] for _ in pictures]
        found = Phrases(bank=self.bank).describe(backbone, pictures, self.grown)
        return [[one.text for one in each] for each in found]


@dataclass(frozen=True, eq=False)
class Reading:
    """The candidates for one picture, and what more texts would be measured by."""

    pool: Pool
    bank: Bank
    options: Sequence[Sequence[str]]  # phrases of each group that are worth trying
    measure: Measure

    @property
    def words(self) -> dict[str, float]:
        """How probable each word of the vocabulary is."""
        return dict(zip(self.measure.words, self.measure.probable.tolist(), strict=True))


def _parts(text: str, probable: dict[str, float]) -> Iterator[tuple[str, float]]:
    """The words of a text that the vocabulary holds, in their order, with their probabilities."""
    from lookalike.describe.reversing.words import words_of

    for word in dict.fromkeys(words_of(text)):
        if word in probable:
            yield word, round(probable[word], 6)
