"""SD-IPC's training: pictures as targets and as conditions, through the frozen closed form."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import ClassVar

import torch
from jaxtyping import Float, Int64
from PIL.Image import Image
from pydantic import Field, ValidationError
from torch import Tensor, nn

from lookalike.convert.editing import BALANCE, blend_text
from lookalike.convert.form import form_of
from lookalike.convert.learning.additions import Additions, Scope, weights_of
from lookalike.convert.learning.denoising import DenoisingRecipe, DenoisingTask, where
from lookalike.convert.learning.prompts import VisualPrompts
from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError
from lookalike.core.record import explain
from lookalike.models.backbone import Backbone
from lookalike.models.preprocess import Fit
from lookalike.train.task import Schedule
from lookalike.train.together import dealt, whole


class LearningRecipe(DenoisingRecipe):
    """What is learnt of pictures, and how."""

    prompts: int = Field(default=8, ge=0, le=256, description="Visual prompt vectors a layer.")
    prompt_rate: float = Field(
        default=0.01,
        gt=0,
        le=1,
        description="Highest learning rate of the vision side: few numbers that may move fast, "
        "while weights of the U-Net that do bleach its pictures.",
    )
    scope: Scope = Field(
        default="cross",
        description="Weights of the U-Net that learn: keys and values that read the prompt "
        "(cross), how parts of a picture see one another (self), or all attention.",
    )
    fit: Fit = Field(default="crop", description="What becomes of a picture that is not square.")
    text_frame: str = Field(
        default="", description="Words that stand before the picture in a share of the steps."
    )
    framed: float = Field(default=0.5, ge=0, le=1, description="The share of steps with words.")
    pictures: str = Field(default="", description="SHA-256 of the pictures that it learns from.")


def recipe_of(*, steps: int, batch: int, rate: float, seed: int, **more: object) -> LearningRecipe:
    """A recipe from options; its rate warms up over a tenth of the steps.

    Raises:
        OptionError: an option is out of its range.
    """
    schedule = {
        "steps": steps,
        "batch": batch,
        "rate": rate,
        "warmup": steps // 10,
        "seed": seed,
        "bf16": False,
    }
    try:
        return LearningRecipe.model_validate({"schedule": schedule, **more})
    except ValidationError as fault:
        known = {**LearningRecipe.model_fields, **Schedule.model_fields}
        raise OptionError(f"--{explain(fault, known).removeprefix('schedule.')}") from fault


class Learner(nn.Module):
    """All that is trained: visual prompts, and additions to the U-Net's weights."""

    def __init__(self, backbone: Backbone, recipe: LearningRecipe) -> None:
        """Drawn from the recipe's seed; without prompts the vision tower stays as it is."""
        super().__init__()
        chance = torch.Generator().manual_seed(recipe.schedule.seed)
        vision, count = backbone.clip.vision, recipe.prompts
        self.prompts = VisualPrompts(vision, count, chance) if count else None
        self.additions = Additions(backbone.unet, weights_of(backbone, recipe.scope))

    def see(
        self,
        backbone: Backbone,
        pixels: Float[Tensor, "batch channels side side"],
        plain: Float[Tensor, "batch vision"],
        chance: torch.Generator | None = None,
    ) -> Float[Tensor, "batch vision"]:
        """The pooled outputs of pictures, with what was learnt; `plain` are those without."""
        if self.prompts is None:
            return plain
        return self.prompts(backbone.clip.vision, pixels, plain, chance)

    @torch.no_grad()
    def convert(self, backbone: Backbone, pictures: Sequence[Image], fit: Fit) -> Embedding:
        """Pictures' prompts by what was learnt, which bring the additions, one row each."""
        pixels = backbone.clip.preprocess(pictures, fit)
        plain = backbone.clip.see(pictures, fit).pooled
        found = form_of(backbone)(self.see(backbone, pixels, plain))
        return replace(found, adjustment=self.additions.adjustment())


class LearningTask(DenoisingTask[LearningRecipe]):
    """The loss of denoising pictures under their own conversion."""

    called: ClassVar[str] = "tuning"
    shared = True

    def __init__(
        self, backbone: Backbone, pictures: Sequence[Image], recipe: LearningRecipe
    ) -> None:
        super().__init__(backbone, pictures, recipe)
        self.module = Learner(backbone, recipe).to(backbone.device)
        self.form = form_of(backbone)
        with torch.no_grad():
            self.pixels = backbone.clip.preprocess(pictures, recipe.fit)
            self.plain = backbone.clip.see(pictures, recipe.fit).pooled
            self.frame = backbone.embed([recipe.text_frame])
            self.end = int(backbone.ends([recipe.text_frame])[0])

    def pace(self, name: str) -> float:
        """The vision side has a rate of its own."""
        own = self.recipe.prompt_rate / self.schedule.rate
        return own if name.startswith("prompts.") else 1.0

    def converted(self) -> Embedding:
        """The pictures' prompts as they are learnt so far, one row each."""
        with torch.no_grad():
            found = self.form(self.module.see(self.backbone, self.pixels, self.plain))
        return replace(found, adjustment=self.module.additions.adjustment())

    def lent(self) -> AbstractContextManager[None]:
        """A block in which the U-Net has the additions."""
        return self.module.additions.lent(self.backbone.unet)

    def prompt(self, which: Int64[Tensor, " batch"], chance: torch.Generator) -> Embedding:
        """The chosen pictures' conversions, some of them behind the words of the frame."""
        plain = self.plain[which.to(self.plain.device)]
        bare = self.form(self.module.see(self.backbone, self.pixels[which], plain, chance))
        framed = dealt(torch.rand(whole(len(which)), generator=chance) < self.recipe.framed)
        if not self.recipe.text_frame:
            return bare
        return where(framed, blend_text(bare, self.frame, self.end, BALANCE), bare)
