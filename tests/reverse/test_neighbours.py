"""Weighted k-NN: as scikit-learn has it, and safe where a picture meets itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.reverse.manifest import DataError
from lookalike.reverse.neighbours import BLOCK, Neighbours
from lookalike.reverse.vectors import unit


def drawn(seed: int, *shapes: tuple[int, int]) -> list[np.ndarray]:
    chance = np.random.default_rng(seed)
    return [chance.standard_normal(shape) for shape in shapes]


@given(st.integers(0, 999), st.integers(1, 30), st.integers(1, 40), st.floats(0, 8), st.booleans())
@settings(max_examples=30, deadline=None)
def test_neighbours_agree_with_scikit_learn(
    seed: int, keys: int, count: int, power: float, single: bool
) -> None:
    from sklearn.neighbors import KNeighborsRegressor

    known, targets, queries = drawn(seed, (keys, 5), (keys, 4), (7, 5))
    kind = np.float32 if single else np.float64
    ours = Neighbours(known.astype(kind), targets, count, power).predict(queries.astype(kind))
    theirs = KNeighborsRegressor(
        min(count, keys), weights=lambda far: (far / far.min()) ** -power, algorithm="brute"
    )
    wanted = theirs.fit(unit(known), targets).predict(unit(queries))
    np.testing.assert_allclose(ours, unit(wanted), atol=2e-3 if single else 1e-8)


def test_an_exact_match_takes_all() -> None:
    keys, targets = drawn(0, (20, 5), (20, 4))
    for kind in (np.float32, np.float64):
        found = Neighbours(keys.astype(kind), targets, count=5).predict(2 * keys.astype(kind))
        np.testing.assert_allclose(found, unit(targets), atol=1e-12)


def test_exact_matches_share_alike() -> None:
    keys = np.array([[1.0, 0], [1, 0], [0, 1]])
    found = Neighbours(keys, np.eye(3)).predict(np.array([[3.0, 0]]))
    np.testing.assert_allclose(found, unit(np.array([[1.0, 1, 0]])), atol=1e-12)


def test_a_near_match_takes_nearly_all_whatever_the_power() -> None:
    keys, targets = drawn(1, (20, 5), (20, 4))
    found = Neighbours(keys, targets, power=40).predict(keys + 1e-9)
    np.testing.assert_allclose(found, unit(targets), atol=1e-12)


def test_predictions_have_length_1_and_do_not_hang_on_the_block() -> None:
    keys, targets, queries = drawn(2, (200, 8), (200, 4), (2 * BLOCK + 3, 8))
    both = Neighbours(keys, targets)
    found = both.predict(queries)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    alone = np.concatenate([both.predict(query[None]) for query in queries])
    np.testing.assert_allclose(found, alone, atol=1e-12)


@pytest.mark.parametrize(
    ("keys", "targets", "queries", "told"),
    [
        ((3, 2), (2, 2), (1, 2), "3 and 2 rows, where each needs its other"),
        ((3, 2), (3, 2), (1, 4), "the queries: 4 numbers in a row, where 2 are needed"),
        ((0, 2), (0, 2), (1, 2), "the keys of the neighbours: there are none"),
        ((3, 2), (3, 2), (0, 2), "the queries: there are none"),
    ],
)
def test_sets_that_do_not_fit_are_refused(
    keys: tuple[int, int], targets: tuple[int, int], queries: tuple[int, int], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        Neighbours(np.ones(keys), np.ones(targets)).predict(np.ones(queries))


def test_nan_is_refused_with_the_row_that_holds_it() -> None:
    keys = np.ones((3, 2))
    keys[1, 1] = np.nan
    with pytest.raises(DataError, match="in 1 of 3 rows, the first is row 1; leave these out"):
        Neighbours(keys, np.ones((3, 2)))
