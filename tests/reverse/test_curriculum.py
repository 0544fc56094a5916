"""The curriculum: easy before hard, every row in the end, and not a step lost."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.reverse.curriculum import SHARES, difficulty, order_of, stages
from lookalike.reverse.manifest import DataError


def test_later_snapshots_weigh_more() -> None:
    cosines = np.array([[1.0, 0.0, 0.6], [0.0, 1.0, 0.6]])
    found = difficulty(cosines)
    np.testing.assert_allclose(found, [2 / 3, 1 / 3, 0.4])
    assert order_of(found).tolist() == [1, 2, 0]


def test_weights_are_one_to_n_over_their_sum() -> None:
    cosines = np.random.default_rng(0).random((5, 7))
    wanted = 1 - np.average(cosines, axis=0, weights=[1, 2, 3, 4, 5])
    np.testing.assert_allclose(difficulty(cosines), wanted, atol=1e-12)


def test_rows_of_the_same_difficulty_keep_their_order() -> None:
    assert order_of(np.array([0.5, 0.1, 0.5, 0.1])).tolist() == [1, 3, 0, 2]


def test_the_published_stages_of_twelve_rows() -> None:
    order = np.arange(12)[::-1]
    for name, sizes in (("unet", [3, 4, 6, 12]), ("vision", [4, 6, 12]), ("clip", [6, 12])):
        found = stages(order, SHARES[name], 120)
        assert [len(rows) for rows, _ in found] == sizes
        assert [steps for _, steps in found] == [120 // len(sizes)] * len(sizes)
        assert all(rows.tolist() == order[: len(rows)].tolist() for rows, _ in found)


@given(
    st.integers(1, 50),
    st.integers(1, 1000),
    st.lists(st.fractions(0, 1).filter(lambda share: 0 < share < 1), max_size=5, unique=True),
)
@settings(max_examples=80, deadline=None)
def test_all_steps_are_taken_on_growing_prefixes_and_the_last_on_all_rows(
    rows: int, steps: int, shares: list[Fraction]
) -> None:
    order = np.random.default_rng(rows).permutation(rows)
    found = stages(order, [*sorted(shares), Fraction(1)], steps)
    assert sum(taken for _, taken in found) == steps
    assert min(taken for _, taken in found) >= 1
    assert max(taken for _, taken in found) - steps / (len(shares) + 1) < 1
    sizes = [len(chosen) for chosen, _ in found]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 1
    assert found[-1][0].tolist() == order.tolist()


@pytest.mark.parametrize("shares", [[], [0.5], [0.5, 0.5, 1], [0, 1], [0.7, 0.5, 1], [0.5, 2, 1]])
def test_shares_that_do_not_grow_to_1_are_refused(shares: list[float]) -> None:
    with pytest.raises(DataError, match="should grow from above 0 to 1"):
        stages(np.arange(4), shares, 10)


def test_no_rows_no_snapshots_and_nan_are_refused() -> None:
    with pytest.raises(DataError, match="needs rows"):
        stages(np.arange(0), SHARES["clip"], 10)
    with pytest.raises(DataError, match="snapshots of the curriculum: there are none"):
        difficulty(np.zeros((0, 4)))
    with pytest.raises(DataError, match="NaN or infinity in 1 of 2 rows"):
        difficulty(np.array([[0.5], [np.nan]]))
