"""SD-IPC's training: pictures as targets and as conditions, through the frozen closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from jaxtyping import Float
from PIL.Image import Image
from pydantic import Field
from torch import Tensor, nn

from lookalike.convert.editing import BALANCE, blend_text
from lookalike.convert.form import form_of
from lookalike.convert.learning.additions import Additions, Scope, weights_of
from lookalike.convert.learning.denoising import alphas, denoising_loss
from lookalike.convert.learning.prompts import VisualPrompts
from lookalike.core.embedding import Embedding
from lookalike.models.backbone import Backbone
from lookalike.models.preprocess import Fit
from lookalike.train.task import Recipe, Task


class LearningRecipe(Recipe):
    """What is learnt of pictures, and how."""

    prompts: int = Field(default=8, ge=0, le=256, description="Visual prompt vectors a layer.")
    scope: Scope = Field(
        default="cross",
        description="Which weights of the U-Net: the cross-attention's keys and values, or all of "
        "its attention.",
    )
    fit: Fit = Field(default="crop", description="What becomes of a picture that is not square.")
    text_frame: str = Field(
        default="", description="Words that stand before the picture in a share of the steps."
    )
    framed: float = Field(default=0.5, ge=0, le=1, description="The share of steps with words.")
    pictures: str = Field(default="", description="SHA-256 of the pictures that it learns from.")
    caption_drop: float = Field(
        default=0.1, ge=0, le=1, description="The share of samples without any prompt."
    )


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


class LearningTask(Task[LearningRecipe]):
    """The loss of denoising pictures under their own conversion."""

    name = "learning"
    PACES: ClassVar[dict[str, float]] = {"prompts.": 10.0}

    def __init__(
        self, backbone: Backbone, pictures: Sequence[Image], recipe: LearningRecipe
    ) -> None:
        self.recipe, self.backbone = recipe, backbone
        self.module = Learner(backbone, recipe).to(backbone.device)
        self.count = len(pictures)
        self.form = form_of(backbone)
        with torch.no_grad():
            self.latents = backbone.encode(pictures).float()
            self.pixels = backbone.clip.preprocess(pictures, recipe.fit)
            self.plain = backbone.clip.see(pictures, recipe.fit).pooled
            self.blank = backbone.unconditional()
            self.frame = backbone.embed([recipe.text_frame])
            self.end = int(backbone.ends([recipe.text_frame])[0])

    def pace(self, name: str) -> float:
        """The visual prompts learn faster than the additions, whose scale is much smaller."""
        return next((p for start, p in self.PACES.items() if name.startswith(start)), 1.0)

    def converted(self) -> Embedding:
        """The pictures' prompts as they are learnt so far, one row each."""
        with torch.no_grad():
            found = self.form(self.module.see(self.backbone, self.pixels, self.plain))
        return replace(found, adjustment=self.module.additions.adjustment())

    def loss(self, step: int) -> tuple[Float[Tensor, ""], dict[str, float]]:
        """The error of one batch."""
        chance = self.chance(step)
        which = self.order(step, self.count)
        clean = self.latents[which.to(self.latents.device)]
        levels = torch.randint(0, len(alphas(self.backbone)), (len(which),), generator=chance)
        noise = torch.randn(clean.shape, generator=chance).to(clean)
        prompt = self._prompt(which, chance)
        with self.module.additions.lent(self.backbone.unet):
            return denoising_loss(self.backbone, clean, prompt, levels, noise), {}

    def _prompt(self, which: Tensor, chance: torch.Generator) -> Embedding:
        plain = self.plain[which.to(self.plain.device)]
        seen = self.module.see(self.backbone, self.pixels[which], plain, chance)
        bare = self.form(seen)
        drop = torch.rand(len(which), generator=chance) < self.recipe.caption_drop
        framed = torch.rand(len(which), generator=chance) < self.recipe.framed
        if self.recipe.text_frame:
            told = blend_text(bare, self.frame, self.end, BALANCE)
            bare = _where(framed, told, bare)
        return _where(drop, self.blank.repeat(len(which)), bare)


def _where(which: Tensor, one: Embedding, other: Embedding) -> Embedding:
    """The rows of `one` where `which` is true, and those of `other` elsewhere."""
    chosen = which.to(other.tokens.device)
    pooled = None
    if one.pooled is not None and other.pooled is not None:
        pooled = torch.where(chosen[:, None], one.pooled.to(other.pooled), other.pooled)
    tokens = torch.where(chosen[:, None, None], one.tokens.to(other.tokens), other.tokens)
    return replace(other, tokens=tokens, pooled=pooled)
