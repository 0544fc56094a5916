"""The two constants of the closed form for one CLIP: the state's norm and the cut, measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from lookalike.core.errors import ModelError, OptionError
from lookalike.core.files import read_json
from lookalike.core.record import Record, explain

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image
    from torch import Tensor

    from lookalike.models.backbone import Backbone
    from lookalike.models.clip import Clip

NAME = "closed_form.json"
CUTS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6)
"""Candidate cuts, as shares of the largest singular value."""


class Constants(Record):
    """What the closed form needs to know of one CLIP, and how it is known."""

    norm: float = Field(gt=0, le=1e6, description="Length given to the state (c).")
    cut: float = Field(ge=0, le=1e6, description="Singular values below it are dropped.")
    cosine: float | None = Field(
        default=None, ge=-1, le=1, description="Mean cosine to the captions' EOS states."
    )
    source: str = Field(description="Where the two numbers come from.")


VIT_L_14 = Constants(norm=27.5, cut=0.3, source="CLIP ViT-L/14: constants of SD-IPC")
SHAPE_L_14 = (768, 1024)  # width of its text tower, of its vision tower


def constants_of(backbone: Backbone) -> Constants:
    """The constants of a backbone's CLIP: stored with the model, known, or measured on texts."""
    stored = backbone.folder / NAME if backbone.folder else None
    if stored is not None and stored.exists():
        return _stored(stored)
    clip = backbone.clip
    if (clip.text_projection.shape[1], clip.visual_projection.shape[1]) == SHAPE_L_14:
        return VIT_L_14
    return from_texts(clip)


def _stored(path: Path) -> Constants:
    try:
        return Constants.model_validate(read_json(path))
    except ValidationError as fault:
        raise ModelError(f"{path}: {explain(fault, Constants.model_fields)}") from fault


PROBES = (
    "a photo of a dog in the snow",
    "an oil painting of a harbour at dusk",
    "portrait of an old woman, soft light",
    "a bowl of fruit on a wooden table",
    "a city street at night, neon signs",
    "a watercolour of mountains and a lake",
    "a red car parked by the sea",
    "a robot reading a book, digital art",
)


def from_texts(clip: Clip, texts: Sequence[str] = PROBES) -> Constants:
    """Constants where no captioned pictures are at hand: the norm is measured on texts.

    The cut keeps the share of the spectrum that 0.3 keeps on ViT-L/14, 607 of 768 (ours).
    """
    import torch

    states = clip.states(texts)
    ends = clip.ends(texts).to(states.device)
    norm = float(states[torch.arange(len(texts)), ends].norm(dim=-1).mean())
    values = torch.linalg.svdvals(clip.text_projection)
    kept = max(1, round(len(values) * 607 / 768))
    cut = float(values[kept - 1])
    return Constants(norm=norm, cut=cut, source="measured on texts; cut by rank")


def measure(clip: Clip, pictures: Sequence[Image], captions: Sequence[str]) -> Constants:
    """The norm of the captions' EOS states, and the cut by which the closed form finds them best.

    The rule is ours: of `CUTS`, the one with the highest mean cosine between the state computed
    from a picture and the EOS state of its caption.

    Raises:
        OptionError: there is not one caption for each picture.
        ModelError: the pictures tell nothing (all cosines are undefined).
    """
    import torch

    from lookalike.convert.projection import pseudo_inverse

    if not pictures or len(pictures) != len(captions):
        raise OptionError(f"{len(pictures)} pictures do not fit {len(captions)} captions")
    states = clip.states(captions)
    ends = clip.ends(captions).to(states.device)
    wanted = states[torch.arange(len(captions)), ends]
    seen = clip.see(pictures).projected
    largest = float(torch.linalg.svdvals(clip.text_projection).max())
    scores = {}
    for share in CUTS:
        inverse = pseudo_inverse(clip.text_projection, share * largest)
        scores[share] = _cosine(seen @ inverse.T, wanted)
    best = max(scores, key=lambda share: scores[share])
    if not scores[best] > -1:
        raise ModelError("no cut gives a state that can be compared; is the CLIP trained?")
    return Constants(
        norm=float(wanted.norm(dim=-1).mean()),
        cut=best * largest,
        cosine=scores[best],
        source=f"{len(pictures)} captioned pictures; {best:g} of the largest singular value",
    )


def _cosine(a: Tensor, b: Tensor) -> float:
    from torch.nn.functional import cosine_similarity

    return float(cosine_similarity(a, b).mean())
