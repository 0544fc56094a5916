"""The reverse describer: prompts found, detected and grown, ranked together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
                for text, score in each.pool.ranked(reverser.weights)[:count]
            ]
            for picture, each in told
        ]

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
        from lookalike.describe.nearness import looked

        with torch.no_grad():
            predicted = reverser.predict(backbone, pictures).cpu()
            probable = reverser.modifiers(predicted).cpu()
        seen, bank = looked(backbone.clip, pictures), bank_of(backbone, self.bank)
        frames = (seen @ embedded(backbone.clip, list(bank.frames)).T).tolist()
        grown = self._grown(backbone, pictures)
        found = []
        for row, vector in enumerate(seen):
            near, texts = self._candidates(
                bank, reverser, predicted[row], probable[row], frames[row]
            )
            texts = list(dict.fromkeys([*grown[row], *texts]))
            found.append(_reading(backbone, reverser, vector, probable[row], texts, near))
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
    """The candidates for one picture, and how probable each word of the vocabulary is."""

    pool: Pool
    words: dict[str, float]


def _reading(
    backbone: Backbone,
    reverser: Reverser,
    vector: Tensor,
    probable: Tensor,
    texts: list[str],
    near: Mapping[str, float],
) -> Reading:
    import torch

    from lookalike.describe.nearness import Nearness
    from lookalike.describe.reversing.ranking import Pool, likelihood
    from lookalike.describe.reversing.words import marks

    terms = {
        "clip": torch.tensor(Nearness(backbone.clip, vector).of(texts)),
        "words": likelihood(marks(reverser.words, texts), probable),
        "sentence": torch.tensor([near.get(text, torch.nan) for text in texts]),
    }
    words = dict(zip(reverser.words, probable.tolist(), strict=True))
    return Reading(Pool(texts, terms), words)


def _parts(text: str, probable: dict[str, float]) -> Iterator[tuple[str, float]]:
    """The words of a text that the vocabulary holds, in their order, with their probabilities."""
    from lookalike.describe.reversing.words import words_of

    for word in dict.fromkeys(words_of(text)):
        if word in probable:
            yield word, round(probable[word], 6)
