"""A reverse model that was never trained: it compares pictures with prompts by CLIP alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from PIL.Image import Image
from torch import Tensor

from lookalike.core.nearest import Nearest
from lookalike.describe.bank import Bank
from lookalike.describe.nearness import looked
from lookalike.describe.reversing.lists import Lists
from lookalike.describe.reversing.words import marks, words_of
from lookalike.models.backbone import Backbone

EVEN: Mapping[str, float] = {"clip": 1.0, "words": 1.0}
SMALL = Bank(("a cat", "a dog"), (("red fur", "blue fur"), ("green sea",)), " with ")
"""What is said of pictures where nothing else is told."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Predicts where CLIP sees a picture; its words are those of the prompts that lie near."""

    prompts: tuple[str, ...]
    places: Float[Tensor, "prompts width"]
    weights: Mapping[str, float] = field(default_factory=lambda: EVEN)
    bank: Bank = SMALL

    @classmethod
    def of(
        cls,
        backbone: Backbone,
        prompts: Sequence[str],
        weights: Mapping[str, float] = EVEN,
        bank: Bank = SMALL,
    ) -> Neighbours:
        """One that knows some prompts."""
        with torch.no_grad():
            return cls(tuple(prompts), backbone.clip.project(prompts).cpu(), weights, bank)

    @property
    def index(self) -> Nearest:
        """The prompts by their places."""
        return Nearest.of(self.places.numpy())

    @property
    def words(self) -> tuple[str, ...]:
        """All words of the prompts but those that frame them."""
        told = {word for prompt in self.prompts for word in words_of(prompt)}
        return tuple(sorted(told - {"a", "with"}))

    @property
    def lists(self) -> Lists:
        """Every list is said as often as not, in CLIP's own words."""
        blank = Lists.blank(self.bank, self.places.shape[1])
        return replace(blank, trust=blank.trust + 20)

    def predict(
        self, backbone: Backbone, pictures: Sequence[Image]
    ) -> Float[Tensor, "pictures width"]:
        """The pictures' own places in CLIP's space."""
        return looked(backbone.clip, pictures)

    def modifiers(
        self, predicted: Float[Tensor, "pictures width"]
    ) -> Float[Tensor, "pictures words"]:
        """The share of prompts with a word, near ones counting more."""
        near = torch.softmax(20 * predicted @ self.places.T, dim=-1)
        return near @ marks(self.words, self.prompts).float()
