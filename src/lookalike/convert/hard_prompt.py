"""The converter that finds readable words for a picture by gradient: PEZ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from lookalike.convert.base import Converter

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.core.embedding import Embedding
    from lookalike.models.backbone import Backbone


class HardPrompt(Converter):
    """Words that CLIP places where it sees the picture, as few as asked for, in no grammar.

    Wen et al. (2023), "Hard Prompts Made Easy": embeddings move by gradients that are taken at the
    words nearest to them, and the best words met on the way are kept. Differs from the paper: the
    start is the words nearest to the picture instead of words by chance, a gradient counts by its
    direction, and only whole words stand for embeddings, so that a prompt is read as it is written.
    """

    name: ClassVar[str] = "hard-prompt"
    balance: ClassVar[float] = 1.0
    summary: ClassVar[str] = "PEZ: readable words learnt on the text tower alone."

    length: int = Field(default=16, ge=1, le=32, description="How many words a prompt has.")
    steps: int = Field(default=100, ge=1, le=3000, description="How many steps they are sought.")
    rate: float = Field(
        default=1.0, gt=0, le=10, description="The first step, as a share of a token's length."
    )

    def convert(self, backbone: Backbone, pictures: Sequence[Image]) -> Embedding:
        """Embeddings of pictures: their words, read like any text."""
        import torch

        with torch.no_grad():
            return backbone.embed(self.words(backbone, pictures))

    def edit(
        self, backbone: Backbone, pictures: Sequence[Image], text: str, balance: float | None = None
    ) -> Embedding:
        """Embeddings of the words followed by `text`; see `editing.weighed`."""
        import torch

        from lookalike.convert.editing import check_edit, weighed

        balance = self.weight(balance)
        check_edit(text, balance)
        alone = self.words(backbone, pictures)
        joint = [f"{words}, {text}" for words in alone]
        with torch.no_grad():
            whole = backbone.embed(joint)
            return weighed(backbone.embed(alone), whole, backbone.ends(joint), balance)

    def words(self, backbone: Backbone, pictures: Sequence[Image]) -> list[str]:
        """The readable prompts of pictures, in order; read again, they give the same tokens."""
        import torch
        from torch.nn.functional import normalize

        from lookalike.convert.ascent import ascend, highest
        from lookalike.convert.words import words_of
        from lookalike.models.towers import BATCH

        clip, known = backbone.clip, words_of(backbone.clip)
        with torch.no_grad():
            seen = normalize(clip.see(pictures, fit=self.fit).projected, dim=-1)
            start = known.best(seen, self.length)
            climbs = (
                ascend(clip.tower, begun, wanted, self.steps, self.rate, known.nearest)
                for begun, wanted in zip(start.split(BATCH), seen.split(BATCH), strict=True)
            )
            return [text for climb in climbs for text in known.spell(clip.tower, highest(climb)[0])]
