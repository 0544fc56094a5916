"""What tests of learning share: pictures of noise, short recipes, and all that a model holds."""

from __future__ import annotations

import torch
from torch import Tensor

from lookalike.convert.learning.kept import _known
from lookalike.convert.learning.task import LearningRecipe, recipe_of
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import noise_picture

PICTURES = [noise_picture(seed=seed) for seed in range(4)]


def short(steps: int = 4, rate: float = 1e-3, **more: object) -> LearningRecipe:
    """A recipe of a few steps of two pictures with a word before them."""
    told = {"prompts": 2, "text_frame": "a cat", **more}
    return recipe_of(steps=steps, batch=2, rate=rate, seed=5, **told)


def forget() -> None:
    """Let nothing that was learnt before be found again."""
    _known.clear()


def contents(of: LatentDiffusion) -> dict[str, Tensor]:
    """All weights of a model, its text towers and its CLIP, as they are now."""
    parts = {"unet": of.unet, "vae": of.vae, "vision": of.clip.vision, "text": of.clip.text}
    parts |= {f"tower{place}": tower.model for place, tower in enumerate(of.towers)}
    return {
        f"{k}.{n}": v.clone() for k, part in parts.items() for n, v in part.state_dict().items()
    }


def same(ones: dict[str, Tensor], others: dict[str, Tensor]) -> bool:
    """Whether two sets of weights have the same names and bits."""
    return ones.keys() == others.keys() and all(torch.equal(ones[n], others[n]) for n in ones)


def hooks(of: LatentDiffusion) -> int:
    """How many hooks of the kinds that learning uses a model's parts have.

    transformers leaves forward hooks of its own in the layers of a tower that it runs.
    """
    parts = (of.unet, of.clip.vision, of.clip.text, *(tower.model for tower in of.towers))
    before = [layer._forward_pre_hooks for part in parts for layer in part.modules()]
    behind = [layer._forward_hooks for layer in of.unet.modules()]
    words = [tower.model.get_input_embeddings()._forward_hooks for tower in of.towers]
    return sum(map(len, [*before, *behind, *words]))
