"""Weighted k-NN: a picture is told by the prompts of the pictures that are most like it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lookalike.reverse.vectors import check_pairs, check_rows, unit

BLOCK = 64
"""Queries at once: with 100 neighbours of 768 numbers each, 40 MB."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Regression on the `count` nearest keys by cosine, each weighted by 1 / distance^`power`.

    The distance is that of unit vectors. 100 neighbours and the power 6 are what public notebooks
    of the related competition used. Fewer keys than `count` are all asked.
    """

    keys: Float[np.ndarray, "keys width"]
    targets: Float[np.ndarray, "rows out"]
    count: int = 100
    power: float = 6

    def __post_init__(self) -> None:
        """Bring the keys to length 1, once.

        Raises:
            DataError: a key lacks its target, or there are no numbers to go by.
        """
        check_rows("the keys of the neighbours", self.keys)
        check_rows("the targets of the neighbours", self.targets)
        check_pairs("the keys and targets of the neighbours", self.keys, self.targets)
        kind = np.result_type(self.keys.dtype, np.float32)
        object.__setattr__(self, "keys", unit(self.keys).astype(kind))

    def predict(
        self, queries: Float[np.ndarray, "queries wide"]
    ) -> Float[np.ndarray, "queries out"]:
        """A target for each query, at length 1.

        Raises:
            DataError: the queries are not as wide as the keys, or hold no numbers.
        """
        check_rows("the queries", queries, self.keys.shape[1])
        asked = unit(queries).astype(self.keys.dtype)
        blocks = [self._predict(asked[i : i + BLOCK]) for i in range(0, len(asked), BLOCK)]
        return unit(np.concatenate(blocks))

    def _predict(self, queries: Float[np.ndarray, "block width"]) -> Float[np.ndarray, "block out"]:
        near = self._nearest(queries)
        # From the difference, not the cosine, which in float32 cannot tell 0 from 0.0003.
        gaps = self.keys[near].astype(np.float64) - queries[:, None]
        return np.einsum("qk,qkw->qw", _weights(gaps, self.power), self.targets[near])

    def _nearest(self, queries: Float[np.ndarray, "block width"]) -> np.ndarray:
        count = min(self.count, len(self.keys))
        likeness = queries @ self.keys.T
        return np.argpartition(-likeness, count - 1, axis=1)[:, :count]


def _weights(
    gaps: Float[np.ndarray, "block near width"], power: float
) -> Float[np.ndarray, "block near"]:
    """1 / distance^power, up to a factor for each query; exact matches share all of it."""
    distances = np.linalg.norm(gaps, axis=2)
    least = distances.min(1, keepdims=True)
    exact = least == 0
    # Over the least distance, so that no power of a small number leaves the range of floats.
    ratios = np.where(exact, 0, least) / np.where(distances == 0, 1, distances)
    return np.where(exact, distances == 0, ratios**power)
