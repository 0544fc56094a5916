"""Which closed form suits a U-Net that reads the layer before CLIP's last: measured on mini."""

from __future__ import annotations

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cosine_similarity

from lookalike.convert.calibration import constants_of
from lookalike.convert.penultimate import end_states, regress
from lookalike.convert.projection import pseudo_inverse
from lookalike.core.record import Record
from lookalike.evaluate.samples import held_out
from lookalike.models.backbone import Backbone
from lookalike.world.caption import caption

TEXTS = 2000


class Penultimate(Record):
    """Mean cosine between a picture's computed state and its caption's penultimate EOS state."""

    inverse: float = Field(description="The inverted projection, as if the last layer were read.")
    regression: float = Field(description="The regression on texts alone.")
    ceiling: float = Field(description="The regression, given the captions' own vectors.")


@torch.no_grad()
def compare(backbone: Backbone, count: int = 500) -> Penultimate:
    """Compare both ways on the first `count` validation pictures; texts are training captions."""
    shown = held_out("validation", count, backbone.pixels)
    said = [caption(one) for one in shown.looks]
    texts = [caption(one) for one in held_out("train", TEXTS, 8).looks]
    seen = backbone.clip.see(shown.pictures).projected
    unit = torch.nn.functional.normalize(seen, dim=-1)
    known = regress(backbone.clip.project(texts), _penultimate(backbone, texts))
    wanted = _penultimate(backbone, said)
    inverse = pseudo_inverse(backbone.clip.text_projection, constants_of(backbone).cut)
    return Penultimate(
        inverse=_cosine(seen @ inverse.T, wanted),
        regression=_cosine(known(unit), wanted),
        ceiling=_cosine(known(backbone.clip.project(said)), wanted),
    )


def _penultimate(backbone: Backbone, texts: list[str]) -> Float[Tensor, "batch width"]:
    tower = backbone.clip.tower
    read = [tower.read(texts[i : i + 64]).hidden_states[-2] for i in range(0, len(texts), 64)]
    return end_states(torch.cat(read).float(), tower.ends(texts))


def _cosine(a: Tensor, b: Tensor) -> float:
    return float(cosine_similarity(a, b).mean())
