"""DreamBooth as a converter: a rare word that a U-Net learns the meaning of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from lookalike.convert.base import Converter, Resolution

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.core.adjustment import Adjustment
    from lookalike.core.embedding import Embedding
    from lookalike.models.backbone import Backbone


class DreamBooth(Converter):
    """Low-rank additions to the U-Net's attention, under a prompt with a rare word in it.

    Ruiz et al. (2022), arXiv 2208.12242, with LoRA (Hu et al. 2021) in place of all weights, as is
    usual today; without the paper's pictures of the class, which keep the class as it was.
    """

    name: ClassVar[str] = "dreambooth"
    summary: ClassVar[str] = "DreamBooth by LoRA: a rare word learnt from the pictures; 400 steps."
    together: ClassVar[bool] = True
    balance: ClassVar[float] = 1.0

    steps: int = Field(default=400, ge=1, le=100_000, description="Steps of learning.")
    rate: float = Field(default=1e-3, gt=0, le=1, description="Learning rate.")
    batch: int = Field(default=4, ge=1, le=256, description="Noise levels seen in one step.")
    resolution: Resolution = None
    rank: int = Field(default=8, ge=1, le=256, description="Rank of the additions.")
    word: str = Field(default="sks", description="The rare word.")
    kind: str = Field(default="person", description="What the subject is, in a word.")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Where chance starts.")

    def convert(self, backbone: Backbone, pictures: Sequence[Image]) -> Embedding:
        """The reading of "a [rare word] [kind]", once for each picture: they show one subject."""
        return self._read(backbone, pictures, self.text)

    def edit(
        self, backbone: Backbone, pictures: Sequence[Image], text: str, balance: float | None = None
    ) -> Embedding:
        """The reading of that prompt with `text` behind it; see `editing.weighed`."""
        from lookalike.convert.editing import check_edit, weighed

        chosen = self.weight(balance)
        check_edit(text, chosen)
        joint = f"{self.text}, {text}"
        alone, whole = (self._read(backbone, pictures, each) for each in (self.text, joint))
        ends = backbone.ends([joint] * len(pictures))
        return weighed(alone, whole, ends, chosen)

    @property
    def text(self) -> str:
        """The prompt whose meaning is learnt."""
        return f"a {self.word} {self.kind}"

    def _read(self, backbone: Backbone, pictures: Sequence[Image], text: str) -> Embedding:
        import torch

        learnt = self._adjustment(backbone, pictures)
        with torch.no_grad():
            return replace(backbone.embed([text] * len(pictures)), adjustment=learnt)

    def _adjustment(self, backbone: Backbone, pictures: Sequence[Image]) -> Adjustment:
        from lookalike.convert.learning.kept import kept, mark_of
        from lookalike.convert.learning.lora import LoraRecipe, teach
        from lookalike.train.task import steady

        schedule = steady(steps=self.steps, batch=self.batch, rate=self.rate, seed=self.seed)
        recipe = LoraRecipe(
            schedule=schedule, rank=self.rank, text=self.text, resolution=self.resolution
        )
        key = (self.name, self.model_dump_json(), mark_of(pictures))
        return kept(backbone, key, lambda: teach(backbone, pictures, recipe))
