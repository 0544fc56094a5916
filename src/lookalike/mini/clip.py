"""Training of mini's CLIP: captions and pictures pulled together, the rest of a batch apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

from lookalike.mini.ahead import ABSENT, PAIRS, Said, Sayings, codes, tokens
from lookalike.mini.data import CPU, as_tensor, chance_of, placed, scaled, sent
from lookalike.mini.recipe import ClipRecipe
from lookalike.mini.tokenizer import LENGTH, train_tokenizer
from lookalike.train.task import Task, forgiving
from lookalike.train.together import dealt, joined
from lookalike.world.caption import caption
from lookalike.world.contrast import attributes, facts
from lookalike.world.dataset import Dataset

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
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """CLIP's symmetric loss, and the share of pictures that find their own caption.

    The first texts are the pictures' own, in their order; those after them are rivals that no
    picture needs to find. A text that is `true` of a picture which it was not written for counts
    neither for nor against that picture.
    """
    count = len(pictures)
    a, b = functional.normalize(pictures.float()), functional.normalize(texts.float())
    own = torch.arange(count, device=a.device)
    spared = true.clone()
    spared[own, own] = False
    logits = (scale * a @ b.T).masked_fill(spared, -torch.inf)
    to_text = functional.cross_entropy(logits, own)
    to_picture = functional.cross_entropy(logits[:, :count].T, own)
    return (to_text + to_picture) / 2, (logits.argmax(1) == own).float().mean()


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
Rates = dict[str, Tensor | float]
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
    Several processes see and read their own rows; each has the loss of the whole batch, where every
    caption is a rival to every other.
    """

    called = "clip"
    aids = ("prototypes.",)
    shared = True

    def __init__(
        self,
        recipe: ClipRecipe,
        data: Dataset,
        tokenizer: CLIPTokenizer,
        sayings: Sayings | None = None,
        device: torch.device = CPU,
    ) -> None:
        """`sayings` are captions that were drawn ahead; without them each step draws its own."""
        self.recipe = recipe
        torch.manual_seed(recipe.schedule.seed)
        module = build(recipe, tokenizer, data.pictures.shape[1])
        count = sum(len(words) for words in attributes().values())
        module.add_module("prototypes", nn.Linear(recipe.width, count, bias=False))
        if device.type != "cpu":
            module.set_attn_implementation("sdpa")
        self.module: Any = placed(module, device)
        self.data, self.tokenizer, self.device = data, tokenizer, device
        self.sayings = None if sayings is None else sayings.to(device)
        self.pictures = as_tensor(data).to(device)
        self.codes = codes([facts(look) for look in data.looks]).to(device)

    def compile(self) -> None:
        """Compile both towers, which are called by themselves."""
        forgiving()
        self.module.vision_model.compile()
        self.module.text_model.compile(dynamic=True)

    def loss(self, step: int) -> tuple[Float[Tensor, ""], Rates]:
        """The loss of the stage that a step belongs to, with its parts."""
        which = self.order(step, len(self.data))
        there = sent(which, self.device)
        pixels = scaled(self.pictures[dealt(there)])
        seen = self.module.vision_model(pixel_values=pixels).pooler_output
        seen = joined(self.module.visual_projection(seen))
        rates: Rates = dict.fromkeys(RATES, 0.0)
        last = step >= self.schedule.steps - self.recipe.aligned
        for part in (self.module.text_model, self.module.text_projection, self.module.prototypes):
            part.requires_grad_(not last)
        losses = [self._named(seen, self.codes[there], rates)]
        if step >= self.recipe.alone:
            told = which[: self.recipe.told]
            losses += self._told(seen, told, self.codes[there], self.chance(step), rates)
        if last:
            losses.append(self._apart(seen, which, rates))
        return torch.stack(losses).sum(), rates

    def _named(self, seen: Vectors, shown: Codes, rates: Rates) -> Float[Tensor, ""]:
        loss = naming(seen, self.module.prototypes.weight, shown, self._scale())
        rates["named"] = loss.detach()
        return loss

    def _told(
        self,
        seen: Vectors,
        which: Int64[Tensor, " told"],
        shown: Codes,
        chance: torch.Generator,
        rates: Rates,
    ) -> list[Float[Tensor, ""]]:
        losses, count = [], len(which)
        for kind, said in self._said(which, chance):
            read, stated = self._read(said.ids), said.stated
            true = truth(shown[:count], stated)
            loss, rates[kind] = contrast(seen[:count], read, true, self._scale())
            losses += [loss, naming(read, self.module.prototypes.weight, stated, self._scale()) / 2]
        return losses

    def _said(
        self, which: Int64[Tensor, " told"], chance: torch.Generator
    ) -> Iterator[tuple[str, Said]]:
        """Captions of pictures, and behind them their near misses: long ones, then short ones."""
        if self.sayings is not None:
            yield from self.sayings.pairs(which, chance)
            return
        words = chance_of(chance)
        for kind, pair in PAIRS.items():
            pairs = [pair(self.data.looks[i], words) for i in which.tolist()]
            said = [right for right, _ in pairs] + [wrong for _, wrong in pairs]
            stated = codes([one.stated for one in said]).to(self.device)
            yield kind, Said(self._ids([one.text for one in said]), stated)

    def _apart(
        self, seen: Vectors, which: Int64[Tensor, " batch"], rates: Rates
    ) -> Float[Tensor, ""]:
        if self.sayings is not None:
            ids = self.sayings.whole(which)
        else:
            ids = self._ids([caption(self.data.looks[i]) for i in which.tolist()])
        full = self._read(ids)
        apart = 1 - functional.cosine_similarity(seen.float(), full.float()).mean()
        rates["apart"] = apart.detach()
        return ALIGNING * apart

    def _scale(self) -> Float[Tensor, ""]:
        # CLIP clips its temperature at 100, so that no batch dominates (Radford et al. 2021).
        return self.module.logit_scale.exp().clamp(max=100)

    def _ids(self, texts: list[str]) -> Int64[Tensor, "texts tokens"]:
        # No longer than the longest: pads come after the end token and change nothing before it.
        return tokens(self.tokenizer, texts, whole=False).to(self.device)

    def _read(self, ids: Int64[Tensor, "texts tokens"]) -> Vectors:
        found = self.module.text_model(input_ids=dealt(ids)).pooler_output
        return joined(self.module.text_projection(found))
