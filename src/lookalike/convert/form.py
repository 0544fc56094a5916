"""The closed form from a vision tower's pooled output on: fixed, and open to gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.convert.calibration import constants_of
from lookalike.convert.projection import as_prompt, at_norm, fold
from lookalike.core.embedding import Embedding

if TYPE_CHECKING:
    from lookalike.convert.calibration import Constants
    from lookalike.models.backbone import Backbone

Form = Callable[[Float[Tensor, "batch vision"]], Embedding]
"""From pooled outputs (after post_layernorm, not normalised) to prompts, one row each."""


# Weak, so that a model that is freed takes its memory with it: no form may hold its backbone.
_made: WeakKeyDictionary[Backbone, dict[Constants | None, Form]] = WeakKeyDictionary()


def form_of(backbone: Backbone, constants: Constants | None = None) -> Form:
    """The closed form of a model's family: SD-IPC's, or a regression for SD 2.x and SDXL.

    `constants` are the model's own where None; a regression has none. What does not depend on the
    picture is computed once for each model, as it takes as long as looking at one.
    """
    if backbone.family != "sd1":
        from lookalike.convert.penultimate import regressed

        return regressed(backbone)
    made = _made.setdefault(backbone, {})
    if constants not in made:
        made[constants] = _inverted(backbone, constants or constants_of(backbone))
    return made[constants]


def _inverted(backbone: Backbone, known: Constants) -> Form:
    length, space = backbone.length, backbone.space
    with torch.no_grad():
        folded = fold(backbone.clip.text_projection, backbone.clip.visual_projection, known.cut)
        start = backbone.embed([""]).tokens[0, 0].float()

    def prompt(pooled: Float[Tensor, "batch vision"]) -> Embedding:
        states = at_norm(pooled @ folded.T, known.norm)
        return Embedding(as_prompt(states, start, length), None, space)

    return prompt
