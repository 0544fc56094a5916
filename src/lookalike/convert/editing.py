"""Picture and text in one prompt: the text keeps its words, the picture takes the rest."""

from __future__ import annotations

from dataclasses import replace

import torch

from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError, PromptError
from lookalike.models.backbone import Backbone

BALANCE = 0.6
"""SD-IPC's weight of the text's end and pad states beside the picture's state (alpha)."""


@torch.no_grad()
def edit_embedding(
    backbone: Backbone, picture: Embedding, text: str, balance: float = BALANCE
) -> Embedding:
    """Converted pictures, each edited by `text`.

    With e the index of the text's end token: places before e keep the text's states; places from
    e on become the picture's state plus `balance` times the text's, with no new normalisation
    (Ding et al. 2023). 0 lets the text speak through its words alone; 1 weighs its end states as
    much as the picture.

    Raises:
        PromptError: the text is blank. OptionError: the balance is not in 0 to 2.
    """
    picture.require(backbone.space)
    if not text.strip():
        raise PromptError("the edit is empty; say what should be different")
    if not 0 <= balance <= 2:
        raise OptionError(f"a balance of {balance:g} is not in 0 to 2")
    return blend_text(picture, backbone.embed([text]), int(backbone.ends([text])[0]), balance)


def blend_text(picture: Embedding, text: Embedding, end: int, balance: float) -> Embedding:
    """The rule of `edit_embedding` on embeddings alone; `end` is the text's end token's place."""
    told = text.tokens.to(picture.tokens)
    tokens = picture.tokens + balance * told
    tokens[:, :end] = told[:, :end]
    pooled = picture.pooled
    if pooled is not None and text.pooled is not None:
        pooled = pooled + balance * text.pooled.to(pooled)
    return replace(picture, tokens=tokens, pooled=pooled)
