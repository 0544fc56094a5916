"""Training of mini's CLIP: captions and pictures pulled together, the rest of a batch apart."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

from lookalike.mini.data import as_tensor, chance_of, scaled
from lookalike.mini.recipe import ClipRecipe
from lookalike.mini.tokenizer import LENGTH, train_tokenizer
from lookalike.train.task import Task
from lookalike.world.caption import caption
from lookalike.world.contrast import attributes, facts, long_pair, short_pair
from lookalike.world.dataset import Dataset
from lookalike.world.look import Look

POSITION = 0.3
"""Deviation of the vision tower's position embeddings at the start."""


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
    # As strong as what a patch shows, not a tenth of it: shapes are learnt twice as fast.
    nn.init.normal_(model.vision_model.embeddings.position_embedding.weight, std=POSITION)
    return model


def tokens(
    tokenizer: CLIPTokenizer, texts: list[str], whole: bool = True
) -> Int64[Tensor, "batch tokens"]:
    """Token ids, padded with the end token and cut where too long.

    77 tokens if `whole`, else as many as the longest text has.
    """
    padding = "max_length" if whole else "longest"
    made = tokenizer(
        texts, padding=padding, truncation=True, max_length=LENGTH, return_tensors="pt"
    )
    return made["input_ids"]


def tokenizer_of(recipe: ClipRecipe, folder: Path) -> CLIPTokenizer:
    """The tokenizer of a training folder, learnt on first use."""
    if (folder / "tokenizer_config.json").exists():
        return CLIPTokenizer.from_pretrained(folder)
    return train_tokenizer(recipe.vocabulary, folder)


def contrast(
    pictures: Float[Tensor, "batch shared"],
    texts: Float[Tensor, "texts shared"],
    true: Bool[Tensor, "batch texts"],
    scale: Tensor,
) -> tuple[Float[Tensor, ""], float]:
    """CLIP's symmetric loss, and the share of pictures that find their own caption.

    The first texts are the pictures' own, in their order; those after them are rivals that no
    picture needs to find. A text that is `true` of a picture which it was not written for counts
    neither for nor against that picture.
    """
    count = len(pictures)
    a, b = functional.normalize(pictures.float()), functional.normalize(texts.float())
    own = torch.arange(count)
    spared = true.clone()
    spared[own, own] = False
    logits = (scale * a @ b.T).masked_fill(spared, -torch.inf)
    to_text = functional.cross_entropy(logits, own)
    to_picture = functional.cross_entropy(logits[:, :count].T, own)
    return (to_text + to_picture) / 2, float((logits.argmax(1) == own).float().mean())


ABSENT = -1
"""The code of an attribute that a picture does not show, or a caption does not state."""


def codes(stated: Sequence[Mapping[str, str]]) -> Int64[Tensor, "count attributes"]:
    """The places of values among those of each attribute, ABSENT where one has none."""
    rows = [
        [
            words.index(one[name]) if one.get(name) in words else ABSENT
            for name, words in attributes().items()
        ]
        for one in stated
    ]
    return torch.tensor(rows)


def truth(
    shown: Int64[Tensor, "pictures attributes"], stated: Int64[Tensor, "texts attributes"]
) -> Bool[Tensor, "pictures texts"]:
    """Which captions are true of which pictures, both by their codes."""
    return ((stated == ABSENT) | (stated == shown[:, None])).all(-1)


def naming(
    embeddings: Float[Tensor, "count shared"],
    prototypes: Float[Tensor, "values shared"],
    known: Int64[Tensor, "count attributes"],
    scale: Tensor,
) -> Float[Tensor, ""]:
    """The cross-entropy of telling each known attribute from its prototypes, by their cosines."""
    ends = functional.normalize(prototypes.float())
    logits = scale * functional.normalize(embeddings.float()) @ ends.T
    by_attribute = logits.split([len(words) for words in attributes().values()], 1)
    losses = [
        functional.cross_entropy(found, known[:, place], ignore_index=ABSENT, reduction="sum")
        for place, found in enumerate(by_attribute)
    ]
    return torch.stack(losses).sum() / (known != ABSENT).sum()


Vectors = Float[Tensor, "count shared"]
Codes = Int64[Tensor, "count attributes"]
RATES: tuple[str, ...] = ("named", "long", "short", "apart")
"""What a step tells: the naming's loss, both retrieval rates, 1 - cosine to the full caption."""
ALIGNING = 5.0
"""Weight of that distance in the last stage."""


class ClipTask(Task[ClipRecipe]):
    """Contrastive training: long and short captions of a picture, each beside a near miss.

    Both towers also name attributes against one set of prototypes in the shared space. There are
    three stages. At first the vision tower names attributes alone: it learns shapes in minutes
    that way, while captions teach it colours first and shapes hardly at all. Then both towers
    learn all of it. In the end the text tower rests, and pictures are drawn to the very place of
    their full captions: contrast alone leaves the two kinds in different parts of the space, and
    the closed form takes one for the other. The prototypes are not part of the finished CLIP.
    """

    name = "clip"
    aids = ("prototypes.",)

    def __init__(self, recipe: ClipRecipe, data: Dataset, tokenizer: CLIPTokenizer) -> None:
        self.recipe = recipe
        torch.manual_seed(recipe.schedule.seed)
        self.module = build(recipe, tokenizer, data.pictures.shape[1])
        count = sum(len(words) for words in attributes().values())
        self.module.add_module("prototypes", nn.Linear(recipe.width, count, bias=False))
        self.data, self.tokenizer = data, tokenizer
        self.pictures = as_tensor(data)
        self.codes = codes([facts(look) for look in data.looks])

    def loss(self, step: int) -> tuple[Float[Tensor, ""], dict[str, float]]:
        """The loss of the stage that a step belongs to, with its parts."""
        which = self.order(step, len(self.data))
        seen = self.module.vision_model(pixel_values=scaled(self.pictures[which])).pooler_output
        seen = self.module.visual_projection(seen)
        looks = [self.data.looks[i] for i in which.tolist()]
        words, rates = chance_of(self.chance(step)), dict.fromkeys(RATES, 0.0)
        last = step >= self.schedule.steps - self.recipe.aligned
        for part in (self.module.text_model, self.module.text_projection, self.module.prototypes):
            part.requires_grad_(not last)
        losses = [self._named(seen, self.codes[which], rates)]
        if step >= self.recipe.alone:
            losses += self._told(seen, looks[: self.recipe.told], self.codes[which], words, rates)
        if last:
            losses.append(self._apart(seen, looks, rates))
        return torch.stack(losses).sum(), rates

    def _named(self, seen: Vectors, shown: Codes, rates: dict[str, float]) -> Float[Tensor, ""]:
        loss = naming(seen, self.module.prototypes.weight, shown, self._scale())
        rates["named"] = float(loss.detach())
        return loss

    def _told(
        self,
        seen: Vectors,
        looks: Sequence[Look],
        shown: Codes,
        words: random.Random,
        rates: dict[str, float],
    ) -> list[Float[Tensor, ""]]:
        losses = []
        for kind, pair in {"long": long_pair, "short": short_pair}.items():
            pairs = [pair(of, words) for of in looks]
            said = [right for right, _ in pairs] + [wrong for _, wrong in pairs]
            stated = codes([one.stated for one in said])
            read = self._read([one.text for one in said])
            true = truth(shown[: len(looks)], stated)
            loss, rates[kind] = contrast(seen[: len(looks)], read, true, self._scale())
            losses += [loss, naming(read, self.module.prototypes.weight, stated, self._scale()) / 2]
        return losses

    def _apart(
        self, seen: Vectors, looks: Sequence[Look], rates: dict[str, float]
    ) -> Float[Tensor, ""]:
        full = self._read([caption(of) for of in looks])
        apart = 1 - functional.cosine_similarity(seen.float(), full.float()).mean()
        rates["apart"] = float(apart.detach())
        return ALIGNING * apart

    def _scale(self) -> Float[Tensor, ""]:
        # CLIP clips its temperature at 100, so that no batch dominates (Radford et al. 2021).
        return self.module.logit_scale.exp().clamp(max=100)

    def _read(self, texts: list[str]) -> Vectors:
        # No longer than the longest: pads come after the end token and change nothing before it.
        ids = tokens(self.tokenizer, texts, whole=False)
        return self.module.text_projection(self.module.text_model(input_ids=ids).pooler_output)
