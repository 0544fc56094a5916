"""How far two pictures are apart in content and in style, as pure functions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.restyle.moments import Moments
from lookalike.restyle.roots import roots, trace_and_inverse

EPS = 1e-4
"""Added to the variance of each channel before roots are taken, of features of unit energy."""


def gram_distance(one: Moments, other: Moments) -> Float[Tensor, ""]:
    """The mean square difference of two Gram matrices.

    Differs from Gatys et al. (2016): means over places and pairs, not sums, so that the weight
    does not depend on the size of the picture or on the number of channels.
    """
    return (one.gram - other.gram).square().mean()


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A style's features as a Gaussian, with the root of its covariance, which is taken once."""

    mean: Float[Tensor, " channels"]
    covariance: Float[Tensor, "channels channels"]
    root: Float[Tensor, "channels channels"]

    @classmethod
    def of(cls, moments: Moments, eps: float = EPS) -> Gaussian:
        """The Gaussian of the same mean and covariance, with `eps` added to every variance."""
        covariance = _widened(moments.covariance, eps)
        return cls(moments.mean, covariance, roots(covariance)[0])


@dataclass(frozen=True, eq=False)
class Tangent:
    """trace (√B A √B)^½ as a line in A, through the A that it was taken at.

    The root bends downwards, so that elsewhere the line lies above it.
    """

    slope: Float[Tensor, "channels channels"]
    rest: Float[Tensor, ""]

    @classmethod
    @torch.no_grad()
    def at(cls, one: Moments, style: Gaussian, eps: float = EPS) -> Tangent:
        """The line at a picture's covariance."""
        covariance = _widened(one.covariance, eps)
        trace, inverse = trace_and_inverse(style.root @ covariance @ style.root)
        slope = style.root @ inverse @ style.root / 2
        return cls(slope, trace - (slope * covariance).sum())

    def of(self, covariance: Float[Tensor, "channels channels"]) -> Float[Tensor, ""]:
        """The line's height: the trace itself where it was taken."""
        return (self.slope * covariance).sum() + self.rest


def w2_distance(
    one: Moments, style: Gaussian, tangent: Tangent | None = None, eps: float = EPS
) -> Float[Tensor, ""]:
    """The squared Wasserstein-2 distance between Gaussians of two pictures' features, by channel.

    |m - n|² + trace(A + B - 2 (√B A √B)^½) (Givens and Shortt 1984), over the number of channels.
    With a `tangent` of another picture the root is read off that line, which costs next to nothing.
    """
    tangent = Tangent.at(one, style, eps) if tangent is None else tangent
    covariance = _widened(one.covariance, eps)
    apart = (one.mean - style.mean).square().mean()
    shared = tangent.of(covariance) / len(style.mean)
    return apart + (covariance + style.covariance).diagonal().mean() - 2 * shared


def _widened(covariance: Tensor, eps: float) -> Tensor:
    one = torch.eye(len(covariance), dtype=covariance.dtype, device=covariance.device)
    return covariance + eps * one


def roughness(picture: Float[Tensor, "1 3 height width"]) -> Float[Tensor, ""]:
    """The total variation: the mean square step to the right plus that downwards."""
    across = picture[..., :, 1:] - picture[..., :, :-1]
    down = picture[..., 1:, :] - picture[..., :-1, :]
    return across.square().mean() + down.square().mean()
