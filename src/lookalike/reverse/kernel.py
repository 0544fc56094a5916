"""DAKL: a kernel regression on first-level outputs that can adapt to pictures of another kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lookalike.core.errors import OptionError
from lookalike.reverse.extra import check_extra
from lookalike.reverse.manifest import DataError
from lookalike.reverse.ridge import Ridge
from lookalike.reverse.vectors import check_pairs, check_rows, cosines, unit

CENTROIDS = 10_000
ALPHA = 10.0
"""As published; γ was 0.01, with which all entries of the kernel are nearly 1."""

GAMMAS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
ALPHAS = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1000.0)

First = Float[np.ndarray, "sources wide"]
"""First-level outputs: a predicted embedding for each picture, of any length."""

Goals = Float[np.ndarray, "rows out"]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A ridge regression on kernel rows: how like a first-level output is to each landmark.

    The landmarks are centroids of the source. Without more the kernel is inductive: a picture's
    prediction depends on that picture alone. With the target's unlabelled pictures among the
    landmarks it is transductive.
    Differs from the published code: the exponential is taken once, features are centred, and γ and
    α are chosen on validation (`choose`).
    """

    landmarks: Float[np.ndarray, "landmarks wide"]
    gamma: float
    ridge: Ridge
    alpha: float

    @classmethod
    def fit(
        cls,
        source_p: First,
        source_y: Goals,
        target_p: Float[np.ndarray, "targets _"] | None = None,
        *,
        gamma: float,
        alpha: float = ALPHA,
        centroids: int = CENTROIDS,
        seed: int = 0,
    ) -> Kernel:
        """Fit to the source's first-level outputs and true embeddings.

        Raises:
            DataError: fewer samples than centroids, a target of one picture, widths that differ,
                or NaN.
            OptionError: γ, α or the number of centroids is not above 0.
        """
        _check_above_0(gammas=[gamma], alphas=[alpha], centroids=[centroids])
        base = _base_of(source_p, source_y, target_p, centroids, seed)
        return cls(base.landmarks, gamma, base.ridge(gamma), alpha)

    def predict(self, p: Float[np.ndarray, "pictures width"]) -> Float[np.ndarray, "pictures out"]:
        """The embeddings of pictures by their first-level outputs, at length 1.

        Raises:
            DataError: they are not as wide as the source's, or hold no numbers.
        """
        check_rows("the first-level outputs", p, self.landmarks.shape[1])
        rows = kernel_rows(p, self.landmarks, self.gamma)
        return unit(self.ridge.predict(rows, self.alpha))


@dataclass(frozen=True, eq=False)
class Choice:
    """The kernel that did best on validation, and the mean cosine of each that was tried."""

    kernel: Kernel
    cosine: float
    table: Float[np.ndarray, "gammas alphas"]


def choose(
    source_p: First,
    source_y: Goals,
    validation_p: Float[np.ndarray, "validations _"],
    validation_y: Float[np.ndarray, "truths _"],
    gammas: Sequence[float] = GAMMAS,
    alphas: Sequence[float] = ALPHAS,
    *,
    target_p: Float[np.ndarray, "targets _"] | None = None,
    centroids: int = CENTROIDS,
    seed: int = 0,
) -> Choice:
    """The kernel whose γ and α give the highest mean cosine on validation; ties to the first.

    Raises:
        DataError, OptionError: as `Kernel.fit`.
    """
    _check_above_0(gammas=gammas, alphas=alphas, centroids=[centroids])
    base = _base_of(source_p, source_y, target_p, centroids, seed)
    check_rows("the first-level outputs of validation", validation_p, source_p.shape[1])
    check_rows("the embeddings of validation", validation_y, source_y.shape[1])
    check_pairs("first-level outputs and embeddings of validation", validation_p, validation_y)
    ridges = [base.ridge(gamma) for gamma in gammas]
    table = np.array(
        [
            [
                cosines(found, validation_y).mean()
                for found in ridge.path(kernel_rows(validation_p, base.landmarks, gamma), alphas)
            ]
            for gamma, ridge in zip(gammas, ridges, strict=True)
        ]
    )
    row, column = divmod(int(table.argmax()), len(alphas))
    best = Kernel(base.landmarks, float(gammas[row]), ridges[row], float(alphas[column]))
    return Choice(best, float(table.max()), table)


def kernel_rows(
    p: Float[np.ndarray, "pictures wide"],
    landmarks: Float[np.ndarray, "landmarks wide"],
    gamma: float,
) -> Float[np.ndarray, "pictures landmarks"]:
    """exp(-γ (1 - cos) / 2) of every picture with every landmark."""
    return np.exp(-gamma / 2 * (1 - unit(p) @ unit(landmarks).T))


@dataclass(frozen=True, eq=False)
class _Base:
    """What does not hang on γ and α: the centroids, their embeddings, and all landmarks."""

    centroids: Float[np.ndarray, "centroids wide"]
    embeddings: Float[np.ndarray, "centroids out"]
    landmarks: Float[np.ndarray, "landmarks wide"]

    def ridge(self, gamma: float) -> Ridge:
        return Ridge.fit(kernel_rows(self.centroids, self.landmarks, gamma), self.embeddings)


def _base_of(
    source_p: First,
    source_y: Goals,
    target_p: Float[np.ndarray, "targets _"] | None,
    count: int,
    seed: int,
) -> _Base:
    check_rows("the first-level outputs of the source", source_p)
    check_rows("the embeddings of the source", source_y)
    check_pairs("first-level outputs and embeddings of the source", source_p, source_y)
    if count > len(source_p):
        raise DataError(
            f"{count} centroids cannot be had from {len(source_p)} samples; give at most "
            f"{len(source_p)} centroids, or more samples"
        )
    if target_p is not None:
        _check_target(target_p, source_p.shape[1])
    places, nearest = centroids_of(source_p, count, seed)
    landmarks = places if target_p is None else np.concatenate([places, unit(target_p)])
    return _Base(places, unit(source_y)[nearest], landmarks)


def _check_target(target_p: Float[np.ndarray, "targets wide"], width: int) -> None:
    if len(target_p) == 1:
        raise DataError(
            "one picture is no domain to adapt to; use the inductive mode, which takes no target"
        )
    check_rows("the first-level outputs of the target", target_p, width)


def centroids_of(
    p: First, count: int, seed: int
) -> tuple[Float[np.ndarray, "count wide"], np.ndarray]:
    """The centroids of unit vectors by bisecting k-means, and the sample nearest to each.

    Steinbach, Karypis & Kumar (2000): the cluster with the largest error is halved, again and
    again.
    """
    check_extra("sklearn", "the kernel")
    from sklearn.cluster import BisectingKMeans
    from sklearn.metrics import pairwise_distances_argmin

    samples = unit(p)
    places = BisectingKMeans(count, random_state=seed).fit(samples).cluster_centers_
    return places, pairwise_distances_argmin(places, samples)


def _check_above_0(**given: Sequence[float]) -> None:
    for name, values in given.items():
        if not values or not all(0 < value < np.inf for value in values):
            raise OptionError(f"{name} of the kernel should be above 0, not {list(values)}")
