"""Textual inversion as a converter: pseudo-words learnt from the pictures themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from lookalike.convert.base import Converter, Resolution

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.convert.learning.inversion import Pseudo
    from lookalike.core.embedding import Embedding
    from lookalike.models.backbone import Backbone


class TextualInversion(Converter):
    """Vectors that stand for a subject in a text, learnt by denoising its pictures.

    Gal et al. (2022), arXiv 2208.01618. Differs: the pseudo-words are a text of their own, without
    templates around them, and every text tower of a model learns its own.
    """

    name: ClassVar[str] = "textual-inversion"
    summary: ClassVar[str] = "Pseudo-words learnt from the pictures; usually takes 3000 steps."
    together: ClassVar[bool] = True
    balance: ClassVar[float] = 1.0

    steps: int = Field(default=300, ge=1, le=100_000, description="Steps of learning.")
    rate: float = Field(
        default=0.5, gt=0, le=10, description="Learning rate, as a share of a number's size."
    )
    batch: int = Field(default=4, ge=1, le=256, description="Noise levels seen in one step.")
    resolution: Resolution = None
    vectors: int = Field(default=1, ge=1, le=16, description="Pseudo-words that are learnt.")
    kind: str = Field(
        default="person", description="What the subject is: the word that they start as."
    )
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Where chance starts.")

    def convert(self, backbone: Backbone, pictures: Sequence[Image]) -> Embedding:
        """The reading of the pseudo-words, once for each picture: they show one subject."""
        import torch

        from lookalike.convert.learning.inversion import spoken

        words = self.words(backbone, pictures)
        with torch.no_grad():
            return spoken(backbone, words).repeat(len(pictures))

    def edit(
        self, backbone: Backbone, pictures: Sequence[Image], text: str, balance: float | None = None
    ) -> Embedding:
        """The reading of the pseudo-words followed by `text`; see `editing.weighed`."""
        import torch

        from lookalike.convert.editing import check_edit, weighed
        from lookalike.convert.learning.inversion import spoken
        from lookalike.models.spoken import places

        chosen = self.weight(balance)
        check_edit(text, chosen)
        words, added = self.words(backbone, pictures), f", {text}"
        with torch.no_grad():
            alone, joint = spoken(backbone, words), spoken(backbone, words, added)
            ends = backbone.ends([places(self.vectors) + added])
            return weighed(alone, joint, ends, chosen).repeat(len(pictures))

    def words(self, backbone: Backbone, pictures: Sequence[Image]) -> Pseudo:
        """The vectors of the pseudo-words, for each text tower."""
        from lookalike.convert.learning.inversion import InversionRecipe, invert
        from lookalike.convert.learning.kept import kept, mark_of
        from lookalike.train.task import steady

        schedule = steady(
            steps=self.steps, batch=self.batch, rate=self.rate, seed=self.seed, weight_decay=0.0
        )
        recipe = InversionRecipe(
            schedule=schedule, vectors=self.vectors, word=self.kind, resolution=self.resolution
        )
        key = (self.name, self.model_dump_json(), mark_of(pictures))
        return kept(backbone, key, lambda: invert(backbone, pictures, recipe))
