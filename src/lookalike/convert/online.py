"""The converter that learns online, from the very pictures that it converts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from lookalike.convert.base import Converter, Resolution
from lookalike.core.errors import OptionError

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.convert.learning.task import LearningRecipe
    from lookalike.core.embedding import Embedding
    from lookalike.models.backbone import Backbone

MOST = 5
"""Pictures of one subject that are learnt together."""


class Online(Converter):
    """The closed form, learnt on in about 30 steps on one to five pictures of one subject.

    SD-IPC-CT of Ding et al. (2023); rate, batch and scope are ours.
    """

    name: ClassVar[str] = "online"
    summary: ClassVar[str] = "SD-IPC-CT: learns in about 30 steps from the pictures themselves."
    together: ClassVar[bool] = True

    steps: int = Field(default=30, ge=1, le=10_000, description="Steps of learning.")
    rate: float = Field(
        default=1e-4, gt=0, le=1, description="Learning rate of the U-Net's weights."
    )
    prompt_rate: float = Field(
        default=0.01, gt=0, le=1, description="Learning rate of the vision side."
    )
    batch: int = Field(default=4, ge=1, le=256, description="Noise levels seen in one step.")
    resolution: Resolution = None
    prompts: int = Field(default=8, ge=0, le=256, description="Visual prompt vectors a layer.")
    scope: Literal["cross", "self", "attention"] = Field(
        default="cross",
        description="Weights of the U-Net that learn: keys and values that read the prompt "
        "(cross), how parts of a picture see one another (self), or all attention.",
    )
    text_frame: str = Field(
        default="a person",
        description="Words that stand before the picture in half of the steps, so that words keep "
        "their meaning.",
    )
    start: str = Field(default="", description="A file that `lookalike tune` wrote, to begin from.")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Where chance starts.")

    @property
    def files(self) -> tuple[str, ...]:
        """The file that it begins from, where one is named."""
        return (self.start,) if self.start else ()

    def convert(self, backbone: Backbone, pictures: Sequence[Image]) -> Embedding:
        """Embeddings of pictures that were learnt together; they share what was learnt.

        Raises:
            OptionError: there are more pictures than one subject can have.
        """
        from lookalike.convert.learning.artefact import read_domain
        from lookalike.convert.learning.kept import kept, mark_of
        from lookalike.core.files import sha256

        if not 1 <= len(pictures) <= MOST:
            raise OptionError(
                f"online learns from 1 to {MOST} pictures of one subject, not {len(pictures)}; "
                "`lookalike tune` learns from a folder"
            )
        start = sha256(read_domain(Path(self.start).expanduser()).path) if self.start else ""
        key = (self.name, self.model_dump_json(), start, mark_of(pictures))
        return kept(backbone, key, lambda: self._learnt(backbone, pictures))

    def _learnt(self, backbone: Backbone, pictures: Sequence[Image]) -> Embedding:
        from lookalike.convert.learning.online import learn

        return learn(backbone, pictures, self.recipe(), Path(self.start) if self.start else None)

    def recipe(self) -> LearningRecipe:
        """The options as a training's recipe: a constant rate, as so few steps leave no decline."""
        from lookalike.convert.learning.task import LearningRecipe
        from lookalike.train.task import steady

        return LearningRecipe(
            schedule=steady(steps=self.steps, batch=self.batch, rate=self.rate, seed=self.seed),
            prompts=self.prompts,
            prompt_rate=self.prompt_rate,
            scope=self.scope,
            fit=self.fit,
            text_frame=self.text_frame,
            resolution=self.resolution,
        )
