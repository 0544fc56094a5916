"""What a layer's features are on average: their mean and their second moments, summed by parts."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over places of a weight, of weighted features, and of their products in pairs.

    Sums, not means, so that those of a picture are those of its parts added up.
    """

    weight: Float[Tensor, ""]
    first: Float[Tensor, " channels"]
    second: Float[Tensor, "channels channels"]

    @classmethod
    def of(
        cls,
        features: Float[Tensor, "1 channels height width"],
        mask: Float[Tensor, "height width"] | None = None,
    ) -> Moments:
        """The moments of features, each place weighed by `mask` (0 to 1) where there is one."""
        rows = features[0].flatten(1).float()
        if mask is None:
            return cls(rows.new_tensor(float(rows.shape[1])), rows.sum(1), rows @ rows.T)
        weighed = rows * mask.flatten()
        return cls(mask.sum(), weighed.sum(1), weighed @ rows.T)

    @property
    def mean(self) -> Float[Tensor, " channels"]:
        """The mean of each channel."""
        return self.first / self.weight

    @property
    def gram(self) -> Float[Tensor, "channels channels"]:
        """The Gram matrix: the mean product of each pair of channels."""
        return self.second / self.weight

    @property
    def covariance(self) -> Float[Tensor, "channels channels"]:
        """How the channels vary together."""
        return self.gram - torch.outer(self.mean, self.mean)

    @property
    def energy(self) -> Float[Tensor, ""]:
        """The mean square of the features."""
        return self.gram.diagonal().mean()

    def plus(self, other: Moments) -> Moments:
        """The moments of two parts together."""
        pairs = zip(self.tensors(), other.tensors(), strict=True)
        return Moments(*(one + another for one, another in pairs))

    def scaled(self, factor: float) -> Moments:
        """The moments of the features times the root of a factor."""
        return Moments(self.weight, self.first * factor**0.5, self.second * factor)

    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """All three sums."""
        return self.weight, self.first, self.second


def totals(parts: Iterable[Mapping[K, Moments]]) -> dict[K, Moments]:
    """The moments of a picture, by whatever names they have, from those of its parts.

    No part is held on to: of a large picture there are many, and each has as many as the whole.
    """
    found: dict[K, Moments] = {}
    for part in parts:
        for key, moments in part.items():
            found[key] = found[key].plus(moments) if key in found else moments
    return found


def sum_of(tensors: Iterable[Tensor]) -> Tensor:
    """Tensors of one shape added up."""
    first, *rest = tensors
    return sum(rest, first)
