"""The ensemble: the predictions of several members, blended with weights fitted on validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from lookalike.reverse.extra import check_extra
from lookalike.reverse.manifest import DataError
from lookalike.reverse.vectors import Rows, check_pairs, check_rows, unit

Members = Sequence[Float[np.ndarray, "_ _"]]
"""Predictions, rows × width; members that do not fit are refused by a line, not by their type."""

BLOCK = 4096
"""Rows at once: those of all members at once would fill the memory."""


def fit_weights(members: Members, targets: Rows) -> Float[np.ndarray, " members"]:
    """The weights, none below 0 and 1 in sum, whose blend of the members lies nearest the targets.

    Nearest in squared error, of members and targets at length 1. As the weights' sum is 1, the
    blend's error is the blend of the members' errors E, and the least |E w|² on the simplex is what
    non-negative least squares finds exactly: the u that makes |E u|² + (1 - Σu)² least points the
    same way, since along any direction w the best length leaves |E w|² / (1 + |E w|²). A general
    solver would need steps and tolerances; members with the same errors are no trouble either.

    Raises:
        DataError: no members, or members that do not fit the targets.
    """
    check_extra("scipy", "fitting an ensemble")
    from scipy.optimize import nnls

    _check(members, targets)
    products = _products(members, unit(targets))
    values, vectors = np.linalg.eigh(products / max(np.trace(products), np.finfo(float).tiny))
    root = np.sqrt(values.clip(0))[:, None] * vectors.T
    found, _ = nnls(np.vstack([root, np.ones(len(members))]), np.eye(len(members) + 1)[-1])
    return found / found.sum()


def combine(members: Members, weights: Float[np.ndarray, " members"]) -> Rows:
    """The weighted mean of the members, each at length 1, at length 1.

    Raises:
        DataError: no members, or members that do not fit each other.
    """
    _check(members, members[0] if members else np.zeros((0, 0)))
    blended = np.zeros(members[0].shape)
    for member, weight in zip(members, weights, strict=True):
        blended += weight * unit(member)
    return unit(blended)


def _products(members: Members, goal: Rows) -> Float[np.ndarray, "members members"]:
    """What the errors of each two members have in common, summed over all rows."""
    count = len(members)
    found = np.zeros((count, count))
    for start in range(0, len(goal), BLOCK):
        part = slice(start, start + BLOCK)
        errors = np.stack([(unit(each[part]) - goal[part]).ravel() for each in members])
        found += errors @ errors.T
    return found


def _check(members: Members, targets: Rows) -> None:
    if not members:
        raise DataError("an ensemble needs at least one member")
    for place, member in enumerate(members):
        name = f"member {place} of the ensemble"
        check_rows(name, member, targets.shape[1])
        check_pairs(f"{name} and its targets", member, targets)
    check_rows("the targets of the ensemble", targets)
