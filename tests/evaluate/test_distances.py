"""Distances of features: nothing between equals, and as computed in other ways."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.evaluate.distances import (
    DIRECTIONS,
    cosines,
    directions,
    diversity,
    frechet,
    similarity,
    units,
    without_each,
)


def drawn(count: int, width: int, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    return chance.normal(size=(count, width)) @ chance.normal(size=(width, width))


def by_eigenvalues(one: np.ndarray, other: np.ndarray) -> float:
    """The Fréchet distance by another way: the eigenvalues of the product itself."""
    first, second = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    values = np.linalg.eigvals(first @ second)
    gap = one.mean(0) - other.mean(0)
    return gap @ gap + np.trace(first + second) - 2 * np.sqrt(values.real.clip(0)).sum()


@pytest.mark.parametrize("width", [2, 5, 12])
def test_the_frechet_distance_agrees_with_the_eigenvalues_of_the_product(width: int) -> None:
    one, other = drawn(60, width), drawn(80, width, 1) + 0.5
    assert frechet(one, other) == pytest.approx(by_eigenvalues(one, other), rel=1e-6)


def test_the_frechet_distance_of_one_dimension_is_that_of_means_and_deviations() -> None:
    one, other = drawn(50, 1), 3 * drawn(40, 1, 1) + 2
    means, deviations = one.mean() - other.mean(), one.std(ddof=1) - other.std(ddof=1)
    assert frechet(one, other) == pytest.approx(means**2 + deviations**2)


def test_a_set_is_at_no_frechet_distance_from_itself() -> None:
    for features in (drawn(50, 6), drawn(4, 30), np.ones((3, 5))):
        assert frechet(features, features) == pytest.approx(0, abs=1e-9 * features.var() + 1e-9)


def test_covariances_without_full_rank_are_no_hindrance() -> None:
    flat = drawn(40, 2)
    turn, _ = np.linalg.qr(drawn(20, 20, 2))
    one, other = flat @ turn[:2], (2 * flat + 1) @ turn[:2]  # planes in a space of 20
    assert frechet(one, other) == pytest.approx(frechet(flat, 2 * flat + 1), rel=1e-6)


def test_directions_are_those_in_which_held_out_pictures_differ_most() -> None:
    scales = np.array([9.0, 5.0, 3.0, 0.1, 0.01])
    features = np.random.default_rng(0).normal(size=(500, 5)) * scales
    basis = directions(features, 12)
    assert basis.shape == (3, 5)
    assert np.allclose(basis @ basis.T, np.eye(3))
    assert (np.abs(basis).argmax(1) == [0, 1, 2]).all()


@pytest.mark.parametrize(("pictures", "number"), [(1, 1), (8, 2), (40, 10), (4000, DIRECTIONS)])
def test_there_are_no_more_directions_than_pictures_can_tell(pictures: int, number: int) -> None:
    assert len(directions(drawn(50, 30), pictures)) == number


def test_each_group_is_left_out_in_turn() -> None:
    groups, other = [drawn(3, 2, seed) for seed in range(4)], drawn(20, 2, 9)
    found = without_each(groups, other)
    assert found[1] == frechet(np.concatenate([groups[0], groups[2], groups[3]]), other)
    assert len(found) == 4


def test_cosines_are_of_directions_alone() -> None:
    one = np.array([[3.0, 0.0], [0.0, 0.5]])
    assert np.allclose(cosines(one, 7 * one), np.eye(2))
    assert similarity(one[:1], np.array([[1.0, 1.0]])) == pytest.approx(np.sqrt(0.5))
    assert np.allclose(units(np.zeros((1, 3))), 0)


def test_pictures_that_are_alike_have_no_diversity_and_opposites_the_most() -> None:
    row = drawn(1, 4)
    assert diversity(np.repeat(row, 3, 0)) == pytest.approx(0)
    assert diversity(np.concatenate([row, -row])) == pytest.approx(2)
    three = np.eye(3)
    three[2] = three[1]  # pairs at 1, 1 and 0
    assert diversity(three) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="fewer than two"):
        diversity(row)
