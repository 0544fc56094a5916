"""Picture and text in one prompt: the text keeps its words, the picture takes the rest."""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Int
from torch import Tensor

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
    check_edit(text, balance)
    return blend_text(picture, backbone.embed([text]), int(backbone.ends([text])[0]), balance)


def check_edit(text: str, balance: float) -> None:
    """Raise `PromptError` for a blank text, `OptionError` for a balance that is not in 0 to 2."""
    if not text.strip():
        raise PromptError("the edit is empty; say what should be different")
    if not 0 <= balance <= 2:
        raise OptionError(f"a balance of {balance:g} is not in 0 to 2")


def blend_text(picture: Embedding, text: Embedding, end: int, balance: float) -> Embedding:
    """The rule of `edit_embedding` on embeddings alone; `end` is the text's end token's place."""
    told = text.tokens.to(picture.tokens)
    tokens = picture.tokens + balance * told
    tokens[:, :end] = told[:, :end]
    pooled = picture.pooled
    if pooled is not None and text.pooled is not None:
        pooled = pooled + balance * text.pooled.to(pooled)
    return replace(picture, tokens=tokens, pooled=pooled)


def weighed(
    alone: Embedding, joint: Embedding, ends: Int[Tensor, " batch"], balance: float
) -> Embedding:
    """Prompts in which a picture's own tokens stand before a text's, weighed against each other.

    `alone` is the picture's prompt, `joint` the same with the text behind it, `ends` the places of
    its end tokens. Tokens and words keep their states. The end states, in the places from there
    on, and the pooled vector go from the picture's alone (`balance` 0, where the text speaks
    through its words only) to those of the whole prompt (1, as it is read), and beyond.
    """
    where = torch.arange(joint.tokens.shape[1], device=joint.tokens.device)
    after = where >= ends.to(where)[:, None]
    mixed = torch.lerp(alone.tokens, joint.tokens, balance)
    pooled = joint.pooled
    if pooled is not None and alone.pooled is not None:
        pooled = torch.lerp(alone.pooled, pooled, balance)
    return replace(joint, tokens=torch.where(after[..., None], mixed, joint.tokens), pooled=pooled)
