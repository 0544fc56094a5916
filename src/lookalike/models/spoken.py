"""Token embeddings that stand in a text: vectors where the tower would look its words up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize

from lookalike.core.embedding import Embedding, join
from lookalike.core.errors import ModelError
from lookalike.models.backbone import Backbone
from lookalike.models.towers import BATCH, TextTower

WORD = "a"  # one token in the vocabulary of every CLIP so far
FIRST = 1  # the place behind the start token

Tokens = Float[Tensor, "batch slots inner"]


def table(tower: TextTower) -> Float[Tensor, "vocabulary inner"]:
    """The tower's input embeddings of all its tokens, in float32."""
    return tower.model.get_input_embeddings().weight.detach().float()


@contextmanager
def in_place(tower: TextTower, tokens: Tokens) -> Iterator[None]:
    """Inside, the tower reads `tokens` behind the start token, whatever words stand there.

    A hook, since transformers' CLIP towers take no embeddings in place of token numbers.
    """

    def put(_module: object, _inputs: object, found: Tensor) -> Tensor:
        if len(found) != len(tokens):
            raise ModelError(f"{len(found)} texts do not fit {len(tokens)} rows of embeddings")
        rest = found[:, FIRST + tokens.shape[1] :]
        return torch.cat([found[:, :FIRST], tokens.to(found), rest], 1)

    hook = tower.model.get_input_embeddings().register_forward_hook(put)
    try:
        yield
    finally:
        hook.remove()


def places(slots: int) -> str:
    """A text of `slots` tokens, for others to be put in their place."""
    return " ".join([WORD] * slots)


def project_tokens(tower: TextTower, tokens: Tokens) -> Float[Tensor, "batch shared"]:
    """Where token embeddings land in CLIP's shared space, at length 1, as a text of their own."""
    with in_place(tower, tokens):
        return normalize(tower.project([places(tokens.shape[1])] * len(tokens)), dim=-1)


def nearest(tower: TextTower, tokens: Tokens) -> Int[Tensor, "batch slots"]:
    """The tokens of the vocabulary with the highest cosine to embeddings."""
    return (normalize(tokens, dim=-1) @ normalize(table(tower), dim=-1).T).argmax(-1)


@torch.no_grad()
def embed_tokens(backbone: Backbone, tokens: Tokens, text: str = "") -> Embedding:
    """What the U-Net reads of token embeddings with `text` behind them, by all towers.

    `tokens` are of the last tower's kind, the one that has a vision tower. Another tower before
    it (SDXL) has embeddings of its own: it reads the words that are nearest to the tokens.
    """
    *others, last = backbone.towers
    rows: list[Embedding] = []
    for part in tokens.split(BATCH):
        with ExitStack() as spoken:
            spoken.enter_context(in_place(last, part))
            for tower in others:
                spoken.enter_context(in_place(tower, table(tower)[nearest(last, part)]))
            rows.append(backbone.embed([places(part.shape[1]) + text] * len(part)))
    return join(rows)
