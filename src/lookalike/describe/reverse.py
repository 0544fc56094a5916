"""The reverse describer: prompts found and composed, ranked by what they promise."""

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

    from lookalike.describe.reversing.composing import Likely
    from lookalike.describe.reversing.face import Reverser
    from lookalike.describe.reversing.ranking import Merit
    from lookalike.models.backbone import Backbone


class Reverse(Describer):
    """Prompts from two sources: composed of the phrases that are detected, and training prompts.

    A trained reverse model tells which phrase of each list a picture's prompt says, if any, and
    where that prompt lies among sentences. All texts are ranked by the F1 that their words may
    expect and by CLIP's cosine: the one asks for what the prompt says, the other for all that the
    picture shows. No sentence encoder is needed.
    """

    name: ClassVar[str] = "reverse"
    summary: ClassVar[str] = "Prompts composed and found by a trained reverse model."

    weights: str | None = Field(
        default=None, description="What `lookalike reverse train` wrote; the model's own if unset."
    )
    composed: bool = Field(
        default=True, description="Whether prompts are composed of detected phrases."
    )
    retrieved: int = Field(
        default=16, ge=0, le=1000, description="Training prompts that are candidates."
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

        if not (self.composed or self.retrieved):
            raise OptionError("reverse has no candidates: set composed or retrieved")
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
                for text, score in self.ranked(each)[:count]
            ]
            for picture, each in told
        ]

    def ranked(self, read: Reading) -> list[tuple[str, float]]:
        """The candidates of a picture with their scores, the best first."""
        from lookalike.describe.reversing.composing import composed

        scores = composed(read.likely, read.merit) if self.composed else {}
        scores |= dict(zip(read.near, read.merit(read.near), strict=True))
        return sorted(scores.items(), key=lambda each: (-each[1], each[0]))

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
        """What was read of each picture, before texts are composed and ranked."""
        import torch

        from lookalike.describe.nearness import Nearness, looked
        from lookalike.describe.reversing.composing import Likely
        from lookalike.describe.reversing.lists import cosines, word_probabilities
        from lookalike.describe.reversing.ranking import Merit
        from lookalike.describe.reversing.retrieving import retrieved

        lists, seen, found = reverser.lists, looked(backbone.clip, pictures), []
        with torch.no_grad():
            predicted = reverser.predict(backbone, pictures).cpu()
            others = reverser.modifiers(predicted).cpu()
            every = lists.probable(seen, cosines(backbone.clip, lists.bank, seen))
        for row, vector in enumerate(seen):
            phrases = [told[row] for told in every]
            words = word_probabilities(lists, phrases, reverser.words, others[row])
            nearness = Nearness(backbone.clip, vector)
            merit = Merit(nearness, reverser.words, words, reverser.weights)
            near = retrieved(predicted[row], reverser.prompts, reverser.index, self.retrieved)
            found.append(Reading(Likely.of(lists.bank, phrases), list(near), merit))
        return found


@dataclass(frozen=True, eq=False)
class Reading:
    """What may be said of one picture, the training prompts near it, and what texts are worth."""

    likely: Likely
    near: Sequence[str]
    merit: Merit

    @property
    def words(self) -> dict[str, float]:
        """How probable each word of the vocabulary is."""
        return dict(zip(self.merit.words, self.merit.probable.tolist(), strict=True))


def _parts(text: str, probable: dict[str, float]) -> Iterator[tuple[str, float]]:
    """The words of a text that the vocabulary holds, in their order, with their probabilities."""
    from lookalike.describe.reversing.words import words_of

    for word in dict.fromkeys(words_of(text)):
        if word in probable:
            yield word, round(probable[word], 6)
