"""Token embeddings that climb, by gradient, to a picture's place in CLIP's shared space."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.models.spoken import Tokens, project_tokens
from lookalike.models.towers import TextTower

MOMENTUM = 0.9

Places = Float[Tensor, "batch shared"]
Cosines = Float[Tensor, " batch"]


def ascend(
    tower: TextTower,
    start: Tokens,
    wanted: Places,
    steps: int,
    rate: float,
    read: Callable[[Tokens], Tokens] = lambda tokens: tokens,
) -> Iterator[tuple[Tokens, Cosines]]:
    """Tokens as the tower reads them and their cosines to `wanted`: the start's, then each step's.

    `read` turns what moves into what is read, and the gradient is taken there (PEZ). A step is
    `rate` of the start's mean token length, falling to nothing at the end. A row's gradient
    counts by its direction: unlike Adam, where the sign of each number counts, rows then do not
    depend on how a batch of another size is rounded.
    """
    moving, pace = start, torch.zeros_like(start)
    scale = start.norm(dim=-1).mean(dim=-1)[:, None, None]
    for step in range(steps + 1):
        tokens = read(moving)
        cosines, gradient = _slope(tower, tokens, wanted)
        yield tokens, cosines
        length = gradient.norm(dim=(-2, -1), keepdim=True).clamp_min(1e-12)
        pace = MOMENTUM * pace + (1 - MOMENTUM) * gradient / length * start.shape[1] ** 0.5
        # The mean is too short in the first steps, where it still holds its zeros.
        whole = pace / (1 - MOMENTUM ** (step + 1))
        moving = moving + rate * (1 - step / max(1, steps)) * scale * whole


def highest(path: Iterator[tuple[Tokens, Cosines]]) -> tuple[Tokens, Cosines]:
    """Each row's tokens with the highest cosine of all that a climb has read, with that cosine."""
    best, top = next(path)
    for tokens, cosines in path:
        better = cosines > top
        best = torch.where(better[:, None, None], tokens, best)
        top = torch.where(better, cosines, top)
    return best, top


def _slope(tower: TextTower, tokens: Tokens, wanted: Places) -> tuple[Cosines, Tokens]:
    """The cosines of tokens to `wanted`, and the direction in which they rise."""
    with torch.enable_grad():
        leaf = tokens.detach().requires_grad_(True)
        cosines = (project_tokens(tower, leaf) * wanted).sum(-1)
        (gradient,) = torch.autograd.grad(cosines.sum(), leaf)
    return cosines.detach(), gradient
