"""Intervals: as wide as the doubt, of references and not of pictures, and the same each time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.core.intervals import difference, interval, spread

NUMBERS = st.floats(-10, 10, allow_nan=False)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.none() | NUMBERS, min_size=1, max_size=20))
def test_an_interval_holds_the_mean_of_what_was_judged(scores: list[float | None]) -> None:
    known = [each for each in scores if each is not None]
    found = interval(scores, resamples=50)
    if not known:
        assert found is None
        return
    assert found is not None
    assert found.mean == pytest.approx(sum(known) / len(known), abs=1e-9)
    assert found.low <= found.mean <= found.high
    assert min(known) - 1e-9 <= found.low
    assert found.high <= max(known) + 1e-9


def test_an_interval_is_that_of_normal_theory_where_there_are_many_references() -> None:
    scores = np.random.default_rng(3).normal(0.5, 0.2, 400)
    found = interval(scores.tolist())
    assert found is not None
    half = 1.96 * scores.std(ddof=1) / math.sqrt(len(scores))
    assert found.low == pytest.approx(scores.mean() - half, abs=0.2 * half)
    assert found.high == pytest.approx(scores.mean() + half, abs=0.2 * half)


def test_an_interval_is_the_same_each_time_and_another_for_another_seed() -> None:
    scores = [0.1, 0.9, 0.4, 0.7, 0.2]
    assert interval(scores) == interval(scores)
    assert interval(scores) != interval(scores, seed=1)


def test_intervals_of_a_mean_cover_the_truth_about_as_often_as_they_say() -> None:
    chance = np.random.default_rng(5)
    found = [interval(chance.normal(0, 1, 40).tolist(), resamples=400) for _ in range(200)]
    covered = sum(one is not None and one.low <= 0 <= one.high for one in found)
    assert 0.88 <= covered / len(found) <= 0.99


def test_a_paired_difference_does_not_count_what_makes_references_hard() -> None:
    hard = np.random.default_rng(7).uniform(0, 1, 30)
    better = difference((hard + 0.05).tolist(), hard.tolist())
    assert better is not None
    assert better.mean == pytest.approx(0.05)
    assert better.above
    assert better.high - better.low < 1e-9
    alone = interval(hard.tolist())
    assert alone is not None
    assert alone.high - alone.low > 0.05


def test_a_difference_is_of_the_references_that_both_were_judged_on() -> None:
    found = difference([1.0, None, 3.0], [0.5, 1.0, None])
    assert found is not None
    assert (found.mean, found.low, found.high) == (0.5, 0.5, 0.5)
    assert difference([None], [1.0]) is None
    with pytest.raises(ValueError, match="argument"):
        difference([1.0], [1.0, 2.0])


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(9).normal(2, 1, 25)
    without = np.array([np.delete(values, i).mean() for i in range(len(values))])
    found = spread(float(values.mean()), without)
    error = values.std(ddof=1) / math.sqrt(len(values))
    assert found.high - found.mean == pytest.approx(1.96 * error)
    assert found.mean - found.low == pytest.approx(1.96 * error)
