"""The closed form for models that read a text tower's states from before its last layer.

SD 2.x reads OpenCLIP-H's last state but one under the final norm, SDXL the last states but one of
two towers. There the inverted projection gives a state that the U-Net never reads. What is read
is instead regressed on where texts land in CLIP's shared space: a ridge regression over a few
hundred sentences, once a model, on texts alone, and kept between runs.
`lookalike.evaluate.penultimate` measures both ways on mini.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.convert.projection import as_prompt
from lookalike.core.embedding import Embedding
from lookalike.models.hashing import cache_folder
from lookalike.models.keeping import keep, kept
from lookalike.models.texts import sentences

if TYPE_CHECKING:
    from lookalike.models.backbone import Backbone

SENTENCES = 512
RIDGE = 0.01
"""Share of the mean squared length of centred inputs that is added to the regression's diagonal."""

Vectors = Float[Tensor, "batch shared"]
States = Float[Tensor, "batch width"]


@dataclass(frozen=True, eq=False)
class Regression:
    """A linear map with offsets on both sides: state = (x - mean_in) @ matrix + mean_out."""

    mean_in: Float[Tensor, " shared"]
    mean_out: Float[Tensor, " width"]
    matrix: Float[Tensor, "shared width"]
    norm: float

    def __call__(self, x: Vectors) -> States:
        """States of the length that the texts' states had."""
        found = (x - self.mean_in) @ self.matrix + self.mean_out
        return self.norm * found / found.norm(dim=-1, keepdim=True)


def regress(x: Vectors, y: States, ridge: float = RIDGE) -> Regression:
    """Ridge regression of `y` on `x`, both centred (Hoerl and Kennard 1970)."""
    mean_in, mean_out = x.mean(0), y.mean(0)
    inner, outer = x - mean_in, y - mean_out
    gram = inner.T @ inner
    size = ridge * gram.diagonal().mean() * torch.eye(len(gram), device=gram.device)
    # In rows, as a file keeps it: sums in another order would differ in the last bits.
    matrix = torch.linalg.solve(gram + size, inner.T @ outer).contiguous()
    return Regression(mean_in, mean_out, matrix, float(y.norm(dim=-1).mean()))


def end_states(
    tokens: Float[Tensor, "batch tokens width"], ends: Tensor
) -> Float[Tensor, "batch width"]:
    """The state at each text's end token."""
    return tokens[torch.arange(len(tokens)), ends.to(tokens.device)]


@dataclass(frozen=True, eq=False)
class Known:
    """What is measured once of a model: the regression, a text's first state, pooled lengths."""

    states: Regression
    start: Float[Tensor, " width"]
    pooled_norm: float | None


@torch.no_grad()
def measure(backbone: Backbone, texts: Sequence[str]) -> Known:
    """Regress what the U-Net reads at the end token on where texts land in the shared space."""
    read = backbone.at_ends(texts)
    wanted = read.tokens[:, 0].float()
    pooled = None if read.pooled is None else float(read.pooled.float().norm(dim=-1).mean())
    # The towers are causal: every text's first state is the same.
    start = backbone.embed(texts[:1]).tokens[0, 0].float()
    return Known(regress(backbone.clip.project(texts).to(wanted), wanted), start, pooled)


# Weak, so that a model that is freed takes its memory with it.
_measured: WeakKeyDictionary[Backbone, Known] = WeakKeyDictionary()


def place_of(backbone: Backbone, texts: Sequence[str]) -> Path:
    """The file of what is measured on texts: of other towers, or in another precision, another."""
    projection = backbone.clip.text_projection.detach().float().cpu().contiguous()
    what = f"penultimate, ridge {RIDGE}"
    marks = (what, backbone.space, str(backbone.dtype), backbone.device.type, *texts)
    digest = hashlib.sha256("\0".join(marks).encode())
    digest.update(projection.numpy().tobytes())
    return cache_folder() / "measured" / f"{digest.hexdigest()}.safetensors"


def _of(backbone: Backbone) -> Known:
    if backbone not in _measured:
        texts = sentences(SENTENCES)
        file = place_of(backbone, texts)
        found = kept(file)
        if found.keys() >= NEEDED:
            known = _known(found, backbone.device)
        else:
            known = measure(backbone, texts)
            keep(file, _tensors(known))
        _measured[backbone] = known
    return _measured[backbone]


NEEDED = {"mean_in", "mean_out", "matrix", "norm", "start"}


def _tensors(known: Known) -> dict[str, Tensor]:
    """As a file holds it: lengths are tensors of one number."""
    states = known.states
    lengths = {"norm": states.norm, "pooled_norm": known.pooled_norm}
    return {
        "mean_in": states.mean_in,
        "mean_out": states.mean_out,
        "matrix": states.matrix,
        "start": known.start,
        **{k: torch.tensor(v, dtype=torch.float64) for k, v in lengths.items() if v is not None},
    }


def _known(found: Mapping[str, Tensor], device: torch.device) -> Known:
    mean_in, mean_out, matrix, start = (
        found[name].to(device) for name in ("mean_in", "mean_out", "matrix", "start")
    )
    pooled = found.get("pooled_norm")
    return Known(
        Regression(mean_in, mean_out, matrix, float(found["norm"])),
        start,
        None if pooled is None else float(pooled),
    )


def regressed(backbone: Backbone) -> Callable[[Float[Tensor, "batch vision"]], Embedding]:
    """The closed form of SD 2.x and SDXL, from a vision tower's pooled outputs to prompts.

    The pooled slot of SDXL takes the picture's own projected vector, at the mean length of texts'
    pooled vectors: both lie in the second tower's CLIP space.
    """
    known = _of(backbone)

    def prompt(pooled: Float[Tensor, "batch vision"]) -> Embedding:
        unit = torch.nn.functional.normalize(pooled @ backbone.clip.visual_projection.T, dim=-1)
        tokens = as_prompt(known.states(unit), known.start, backbone.length)
        own = None if known.pooled_norm is None else unit * known.pooled_norm
        return Embedding(tokens, own, backbone.space)

    return prompt
