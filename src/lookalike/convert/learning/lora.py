"""DreamBooth with low-rank additions: a rare word, and a U-Net that learns what it means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from jaxtyping import Int64
from PIL.Image import Image
from pydantic import Field
from torch import Tensor, nn

from lookalike.convert.learning.additions import EVERY
from lookalike.convert.learning.denoising import DenoisingRecipe, DenoisingTask, trainable
from lookalike.core.adjustment import Adjustment
from lookalike.core.embedding import Embedding
from lookalike.models.adjusting import WEIGHT
from lookalike.models.backbone import Backbone
from lookalike.train.loop import train


class LoraRecipe(DenoisingRecipe):
    """What DreamBooth learns, and how."""

    rank: int = Field(ge=1, le=256, description="Rank of the additions.")
    text: str = Field(min_length=1, description="The prompt whose meaning is learnt.")


class LoraTask(DenoisingTask[LoraRecipe]):
    """The loss of denoising pictures under a fixed prompt, by low-rank layers that are in place."""

    called: ClassVar[str] = "dreambooth"

    def __init__(
        self, backbone: Backbone, pictures: Sequence[Image], recipe: LoraRecipe, layers: nn.Module
    ) -> None:
        super().__init__(backbone, pictures, recipe)
        self.module = layers
        with torch.no_grad():
            self.told = backbone.embed([recipe.text])

    def prompt(self, which: Int64[Tensor, " batch"], chance: torch.Generator) -> Embedding:
        """The prompt, the same for all pictures."""
        return self.told.repeat(len(which))


def teach(backbone: Backbone, pictures: Sequence[Image], recipe: LoraRecipe) -> Adjustment:
    """The additions to all of the U-Net's attention by which the prompt means the pictures."""
    with trainable(backbone, recipe), low_rank(backbone, recipe) as layers:
        for _ in train(LoraTask(backbone, pictures, recipe, layers), None):
            pass
        return _additions(backbone)


@contextmanager
def low_rank(backbone: Backbone, recipe: LoraRecipe) -> Iterator[nn.Module]:
    """A block in which the U-Net's attention has peft's LoRA layers (Hu et al. 2021).

    Gives the layers' own weights, which are all that learns.
    """
    from peft import LoraConfig

    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.rank,
        target_modules=list(EVERY),
        init_lora_weights="gaussian",
    )
    unet: Any = backbone.unet
    # peft draws the first weights from the common generator.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.schedule.seed)
        unet.add_adapter(config)
    try:
        own = [weight for name, weight in unet.named_parameters() if "lora_" in name]
        yield nn.ParameterList(own)
    finally:
        unet.unload_lora()
        unet.requires_grad_(False)


def _additions(backbone: Backbone) -> Adjustment:
    """What the low-rank layers add to the weights that they stand beside."""
    found: dict[str, Tensor] = {}
    for name, layer in backbone.unet.named_modules():
        if hasattr(layer, "get_delta_weight"):
            [adapter] = layer.active_adapters
            found[f"{name}{WEIGHT}"] = layer.get_delta_weight(adapter).detach().clone()
    return Adjustment(found)
