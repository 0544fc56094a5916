"""The converter that learns a picture's prompt by gradient, on the text tower alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from lookalike.convert.base import Converter

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.core.embedding import Embedding
    from lookalike.models.backbone import Backbone
    from lookalike.models.spoken import Tokens


class Gradient(Converter):
    """Token embeddings climb until CLIP's text tower places them where it sees the picture.

    They start as the words nearest to the picture, and are read like any text, so that tokens
    differ from place to place and stay near words. SD 2.x reads them by its shorter tower. SDXL's
    second tower, which has a vision tower, reads them too; the first, which knows other
    embeddings, reads the words that are nearest to them.
    """

    name: ClassVar[str] = "gradient"
    balance: ClassVar[float] = 1.0
    summary: ClassVar[str] = "Token embeddings learnt in a few steps, on the text tower alone."

    slots: int = Field(default=8, ge=1, le=32, description="How many tokens are learnt.")
    steps: int = Field(default=30, ge=1, le=500, description="How many steps they climb.")
    rate: float = Field(
        default=0.5, gt=0, le=10, description="The first step, as a share of a token's length."
    )

    def convert(self, backbone: Backbone, pictures: Sequence[Image]) -> Embedding:
        """Embeddings of pictures: the tower's states of the learnt tokens, in all places."""
        from lookalike.models.spoken import embed_tokens

        return embed_tokens(backbone, self.tokens(backbone, pictures))

    def edit(
        self, backbone: Backbone, pictures: Sequence[Image], text: str, balance: float | None = None
    ) -> Embedding:
        """Embeddings of the learnt tokens followed by `text`; see `editing.weighed`."""
        from lookalike.convert.editing import check_edit, weighed
        from lookalike.models.spoken import embed_tokens, places

        balance = self.weight(balance)
        check_edit(text, balance)
        tokens, added = self.tokens(backbone, pictures), f", {text}"
        ends = backbone.ends([places(self.slots) + added] * len(tokens))
        alone, joint = embed_tokens(backbone, tokens), embed_tokens(backbone, tokens, added)
        return weighed(alone, joint, ends, balance)

    def tokens(self, backbone: Backbone, pictures: Sequence[Image]) -> Tokens:
        """The learnt embeddings of pictures, for the text tower that has a vision tower."""
        import torch
        from torch.nn.functional import normalize

        from lookalike.convert.ascent import ascend, highest
        from lookalike.convert.words import words_of
        from lookalike.models.towers import BATCH

        clip = backbone.clip
        with torch.no_grad():
            seen = normalize(clip.see(pictures, fit=self.fit).projected, dim=-1)
            start = words_of(clip).best(seen, self.slots)
            climbs = (
                ascend(clip.tower, begun, wanted, self.steps, self.rate)
                for begun, wanted in zip(start.split(BATCH), seen.split(BATCH), strict=True)
            )
            return torch.cat([highest(climb)[0] for climb in climbs])
