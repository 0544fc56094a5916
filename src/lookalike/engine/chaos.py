"""How different the pictures of a run are: their noise lies between a common one and their own."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

Noise = Float[Tensor, "batch channels height width"]

LEAST = 0.6
"""The way from the common noise to a picture's own at chaos 0. Ours: from here on, mini's pictures
of one run look about as different as with noise of their own; half-way they are twins."""


def spread(noise: Noise, chaos: float) -> Noise:
    """Noise of a run's pictures, drawn together: the first stays, the others come nearer to it.

    `chaos` goes from 0 (alike) to 100 (each its own noise).
    """
    way = LEAST + (1 - LEAST) * chaos / 100
    if way == 1:
        return noise
    return torch.stack([noise[0], *(slerp(noise[0], own, way) for own in noise[1:])])


def slerp(
    a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"], way: float
) -> Float[Tensor, "*shape"]:
    """The point at `way` (0 to 1) from `a` to `b` on the great circle: what keeps noise noise.

    Where the two are near parallel the straight line is as good, and divides by nothing.
    """
    cosine = torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0).clamp(-1, 1)
    angle = torch.arccos(cosine)
    if angle.sin().abs() < 1e-4:
        return a + way * (b - a)
    return (((1 - way) * angle).sin() * a + (way * angle).sin() * b) / angle.sin()
