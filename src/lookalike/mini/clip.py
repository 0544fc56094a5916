"""Training of mini's CLIP: captions and pictures pulled together, the rest of a batch apart."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

from lookalike.mini.data import as_tensor, captions, scaled
from lookalike.mini.recipe import ClipRecipe
from lookalike.mini.tokenizer import LENGTH, train_tokenizer
from lookalike.train.task import Task
from lookalike.world.dataset import Dataset


def build(recipe: ClipRecipe, tokenizer: CLIPTokenizer, pixels: int) -> CLIPModel:
    """An untrained CLIP of the recipe's shape; pad and end token are one, as in SD 1.x."""
    ids = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.eos_token_id,
    }
    tower = {
        "hidden_size": recipe.width,
        "intermediate_size": recipe.width * 4,
        "num_attention_heads": recipe.heads,
        "hidden_act": "gelu",
    }
    text = (
        tower
        | ids
        | {
            "vocab_size": len(tokenizer),
            "max_position_embeddings": LENGTH,
            "num_hidden_layers": recipe.text_layers,
        }
    )
    vision = tower | {
        "image_size": pixels,
        "patch_size": recipe.patch,
        "num_hidden_layers": recipe.vision_layers,
    }
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=recipe.width)
    model = CLIPModel(config)
    # Fused attention has a slow backward pass on the CPU: this is three times as fast there.
    model.set_attn_implementation("eager")
    return model


def tokens(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Token ids (batch, 77), padded with the end token and cut where too long."""
    made = tokenizer(
        texts, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt"
    )
    return made["input_ids"]


def tokenizer_of(recipe: ClipRecipe, folder: Path) -> CLIPTokenizer:
    """The tokenizer of a training folder, learnt on first use."""
    if (folder / "tokenizer_config.json").exists():
        return CLIPTokenizer.from_pretrained(folder)
    return train_tokenizer(recipe.vocabulary, folder)


def contrast(
    pictures: Float[Tensor, "batch shared"], texts: Float[Tensor, "batch shared"], scale: Tensor
) -> tuple[Float[Tensor, ""], float]:
    """CLIP's symmetric loss, and the share of pictures that find their own caption."""
    a, b = functional.normalize(pictures.float()), functional.normalize(texts.float())
    logits = scale * a @ b.T
    target = torch.arange(len(a))
    loss = functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)
    return loss / 2, float((logits.argmax(1) == target).float().mean())


class ClipTask(Task[ClipRecipe]):
    """Contrastive training on fresh captions of the training pictures."""

    name = "clip"

    def __init__(self, recipe: ClipRecipe, data: Dataset, tokenizer: CLIPTokenizer) -> None:
        self.recipe = recipe
        torch.manual_seed(recipe.schedule.seed)
        self.module = build(recipe, tokenizer, data.pictures.shape[1])
        self.data, self.tokenizer = data, tokenizer
        self.pictures = as_tensor(data)

    def loss(self, step: int) -> tuple[Float[Tensor, ""], dict[str, float]]:
        """The contrastive loss of a batch, with its retrieval rate."""
        which = self.order(step, len(self.data))
        texts = captions(self.data, which, self.chance(step))
        made = self.module(
            input_ids=tokens(self.tokenizer, texts), pixel_values=scaled(self.pictures[which])
        )
        # CLIP clips its temperature at 100, so that no batch dominates (Radford et al. 2021).
        scale = self.module.logit_scale.exp().clamp(max=100)
        loss, found = contrast(made.image_embeds, made.text_embeds, scale)
        return loss, {"r1": found}
