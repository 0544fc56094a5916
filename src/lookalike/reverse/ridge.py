"""Ridge regression of which one decomposition serves every strength of the penalty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class Ridge:
    """A linear ridge regression with an intercept, α not yet chosen.

    Solved in the dual, Xᵀ (X Xᵀ + α)⁻¹ Y with X Xᵀ = U λ Uᵀ: rows are at most as many as features
    here, and another α costs one product.
    """

    mean: Float[np.ndarray, " features"]
    offset: Float[np.ndarray, " out"]
    basis: Float[np.ndarray, "features rows"]
    """Xᵀ U of the centred features X."""
    values: Float[np.ndarray, " rows"]
    """λ."""
    turned: Float[np.ndarray, "rows out"]
    """Uᵀ Y of the centred targets Y."""

    @classmethod
    def fit(
        cls, features: Float[np.ndarray, "rows features"], targets: Float[np.ndarray, "rows out"]
    ) -> Ridge:
        """Decompose the features, in float64."""
        wide = np.asarray(features, np.float64)
        mean, offset = wide.mean(0), np.asarray(targets, np.float64).mean(0)
        centred = wide - mean
        values, vectors = np.linalg.eigh(centred @ centred.T)
        # What rounding leaves below 0 is 0.
        return cls(
            mean, offset, centred.T @ vectors, values.clip(0), vectors.T @ (targets - offset)
        )

    def predict(
        self, features: Float[np.ndarray, "asked features"], alpha: float
    ) -> Float[np.ndarray, "asked out"]:
        """The predictions for features with the penalty α."""
        return next(self.path(features, [alpha]))

    def path(
        self, features: Float[np.ndarray, "asked features"], alphas: Sequence[float]
    ) -> Iterator[Float[np.ndarray, "asked out"]]:
        """The predictions with each α in turn."""
        turned = (features - self.mean) @ self.basis
        for alpha in alphas:
            yield (turned / (self.values + alpha)) @ self.turned + self.offset
