"""The ensemble: the best blend there is, found exactly, and never worse than its best member."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.reverse.ensemble import BLOCK, combine, fit_weights
from lookalike.reverse.manifest import DataError
from lookalike.reverse.vectors import cosines, unit


def drawn(seed: int, members: int, rows: int, width: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Targets, and members that see them through noise of their own."""
    chance = np.random.default_rng(seed)
    targets = unit(chance.standard_normal((rows, width)))
    noise = chance.uniform(0.1, 3, members)
    return [
        chance.uniform(0.5, 9) * (targets + level * chance.standard_normal((rows, width)))
        for level in noise
    ], targets


def error(members: list[np.ndarray], weights: np.ndarray, targets: np.ndarray) -> float:
    """The mean squared error of the blend of unit members, before it is brought to length 1."""
    blend = sum(weight * unit(member) for weight, member in zip(weights, members, strict=True))
    return float(((blend - targets) ** 2).mean())


SIZES = st.tuples(st.integers(0, 999), st.integers(1, 6), st.integers(1, 20), st.integers(1, 9))


@given(SIZES)
@settings(max_examples=40, deadline=None)
def test_weights_are_those_that_a_general_solver_finds(sizes: tuple[int, int, int, int]) -> None:
    from scipy.optimize import minimize

    members, targets = drawn(*sizes)
    found = fit_weights(members, targets)
    theirs = minimize(
        lambda weights: error(members, weights, targets),
        np.full(len(members), 1 / len(members)),
        method="SLSQP",
        bounds=[(0, 1)] * len(members),
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert error(members, found, targets) <= theirs.fun + 1e-9
    assert abs(error(members, found, targets) - theirs.fun) < 1e-6


@given(SIZES)
@settings(max_examples=40, deadline=None)
def test_the_blend_is_no_worse_than_the_best_member(sizes: tuple[int, int, int, int]) -> None:
    members, targets = drawn(*sizes)
    found = fit_weights(members, targets)
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    alone = [error(members, one, targets) for one in np.eye(len(members))]
    assert error(members, found, targets) <= min(alone) + 1e-12


def test_members_with_noise_of_their_own_are_better_together() -> None:
    members, targets = drawn(1, 3, 500, 16)
    blended = cosines(combine(members, fit_weights(members, targets)), targets).mean()
    assert blended > max(cosines(member, targets).mean() for member in members) + 0.005


def test_a_member_that_is_right_takes_all_and_the_scale_of_members_is_nothing() -> None:
    members, targets = drawn(2, 2, 50, 8)
    found = fit_weights([members[0], 40 * targets, members[1]], targets)
    np.testing.assert_allclose(found, [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(
        fit_weights([5 * members[0], members[1] / 7], targets),
        fit_weights(members, targets),
        atol=1e-9,
    )


def test_members_that_are_all_right_or_all_the_same_share_the_weight() -> None:
    targets = unit(np.random.default_rng(0).standard_normal((9, 4)))
    for same in (targets, targets + 0.5):
        assert fit_weights([same, same], targets).sum() == pytest.approx(1)


def test_rows_in_blocks_give_the_weights_of_all_rows() -> None:
    members, targets = drawn(3, 3, BLOCK + 10, 2)
    order = np.random.default_rng(0).permutation(len(targets))
    shuffled = fit_weights([member[order] for member in members], targets[order])
    np.testing.assert_allclose(fit_weights(members, targets), shuffled, atol=1e-9)


def test_a_combination_is_the_mean_of_unit_members_at_length_1() -> None:
    found = combine([np.array([[9.0, 0]]), np.array([[0, 0.1]])], np.array([0.8, 0.6]))
    np.testing.assert_allclose(found, [[0.8, 0.6]])


@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        ([], "at least one member"),
        ([(3, 2), (4, 2)], "member 1 of the ensemble and its targets: 4 and 3 rows"),
        ([(3, 2), (3, 5)], "member 1 of the ensemble: 5 numbers in a row, where 2 are needed"),
    ],
)
def test_members_that_do_not_fit_are_refused(shapes: list[tuple[int, int]], told: str) -> None:
    members = [np.ones(shape) for shape in shapes]
    with pytest.raises(DataError, match=told):
        fit_weights(members, np.ones((3, 2)))
    with pytest.raises(DataError, match=told):
        combine(members, np.ones(len(members)))
