"""How far sets of pictures lie from one another and among themselves, on their features."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Float

Features = Float[np.ndarray, "pictures width"]
Others = Float[np.ndarray, "others width"]

DIRECTIONS = 16
PICTURES_A_DIRECTION = 4


def units(features: Features) -> Features:
    """Features at length 1, in float64; what has no length stays as it is."""
    wide = np.asarray(features, np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    return wide / np.where(length == 0, 1, length)


def cosines(one: Features, other: Others) -> Float[np.ndarray, "pictures others"]:
    """The cosine of every feature with every other: CLIP-I of pictures, CLIP-T with texts."""
    return units(one) @ units(other).T


def similarity(one: Features, other: Others) -> float:
    """The mean cosine of every feature of one set with every one of the other."""
    return float(cosines(one, other).mean())


def diversity(features: Features) -> float:
    """The mean cosine distance of all pairs: 0 where pictures are alike.

    Raises:
        ValueError: there is no pair.
    """
    pairs = list(combinations(range(len(features)), 2))
    if not pairs:
        raise ValueError("the diversity of fewer than two pictures is not defined")
    table = cosines(features, features)
    return float(np.mean([1 - table[pair] for pair in pairs]))


def frechet(one: Features, other: Others) -> float:
    """The Fréchet distance (squared) of the Gaussians that fit two sets of features best.

    |m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½), Dowson and Landau (1982); Heusel et al. (2017) call
    it FID on Inception's features. The trace of the root is taken of C1^½ C2 C1^½, which is
    symmetric and has the same eigenvalues: covariances without full rank do no harm.
    """
    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    gap = a.mean(0) - b.mean(0)
    first, second = _covariance(a), _covariance(b)
    root = _root(first)
    shared = np.linalg.eigvalsh(root @ second @ root)
    found = gap @ gap + np.trace(first) + np.trace(second) - 2 * np.sqrt(shared.clip(0)).sum()
    return max(0.0, float(found))


def directions(held_out: Features, pictures: int) -> Float[np.ndarray, "directions width"]:
    """The principal directions of held-out features on which few pictures can be compared.

    A covariance of hundreds of dimensions cannot be had from tens of pictures: what it lacks would
    outweigh any difference between methods. So both sets are reduced to the directions in which
    real pictures differ most: one for every four of the smaller set's pictures, 16 at most. They
    come from the held-out pictures alone, and are the same for all methods.
    """
    number = max(1, min(DIRECTIONS, pictures // PICTURES_A_DIRECTION, held_out.shape[1]))
    wide = np.asarray(held_out, np.float64)
    values, vectors = np.linalg.eigh(_covariance(wide))
    return vectors[:, np.argsort(values)[::-1][:number]].T


def without_each(groups: Sequence[Features], other: Others) -> Float[np.ndarray, " groups"]:
    """The Fréchet distance to `other` without each group of features in turn."""
    return np.array(
        [
            frechet(np.concatenate([g for i, g in enumerate(groups) if i != left]), other)
            for left in range(len(groups))
        ]
    )


def _covariance(features: Features) -> Float[np.ndarray, "width width"]:
    """The covariance of the sample; that of a single picture is 0."""
    centred = features - features.mean(0)
    return centred.T @ centred / max(1, len(features) - 1)


def _root(matrix: Float[np.ndarray, "width width"]) -> Float[np.ndarray, "width width"]:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T
