"""Distances agree with independent computations in float64, and so do their gradients."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.restyle.losses import (
    EPS,
    Gaussian,
    Tangent,
    gram_distance,
    roughness,
    w2_distance,
)
from lookalike.restyle.moments import Moments, totals
from lookalike.restyle.roots import roots, trace_and_inverse


def features(seed: int, channels: int = 6, places: int = 50) -> Float[Tensor, "1 c 5 w"]:
    made = torch.randn(1, channels, places, generator=torch.Generator().manual_seed(seed))
    return (made + 0.3 * seed).view(1, channels, 5, -1)


def positive(size: int, seed: int = 0) -> Float[Tensor, "n n"]:
    generator = torch.Generator().manual_seed(seed)
    made = torch.randn(size, 3 * size, generator=generator, dtype=torch.float64)
    return made @ made.T / (3 * size)


def gram_by_hand(one: Tensor) -> Float[np.ndarray, "c c"]:
    """Pair by pair, place by place."""
    values = one[0].double().numpy()
    channels, rows, columns = values.shape
    found = np.zeros((channels, channels))
    for a in range(channels):
        for b in range(channels):
            for y in range(rows):
                for x in range(columns):
                    found[a, b] += values[a, y, x] * values[b, y, x]
    return found / (rows * columns)


def test_the_gram_distance_is_that_of_a_computation_by_hand() -> None:
    one, other = features(1), features(2)
    wanted = np.mean((gram_by_hand(one) - gram_by_hand(other)) ** 2)
    assert float(gram_distance(Moments.of(one), Moments.of(other))) == pytest.approx(wanted, 1e-5)


def test_the_gram_distance_of_a_picture_twice_as_large_is_the_same() -> None:
    one, other = features(1), features(2)
    twice = torch.cat([one, one], 3)
    distances = [gram_distance(Moments.of(each), Moments.of(other)) for each in (one, twice)]
    assert float(distances[0]) == pytest.approx(float(distances[1]), 1e-5)


def test_a_root_is_scipys() -> None:
    matrix = positive(12)
    root, inverse = roots(matrix)
    wanted = scipy.linalg.sqrtm(matrix.numpy())
    np.testing.assert_allclose(root.numpy(), wanted, atol=1e-6)
    np.testing.assert_allclose((root @ inverse).numpy(), np.eye(12), atol=1e-5)


def test_both_ways_to_a_trace_are_one_iteration() -> None:
    matrix = positive(12)
    root, inverse = roots(matrix, 5)  # few steps, so that neither has arrived
    trace, other = trace_and_inverse(matrix, 5)
    assert float(trace) == pytest.approx(float(root.diagonal().sum()), 1e-9)
    np.testing.assert_allclose(other.numpy(), inverse.numpy(), rtol=1e-7)


def w2_by_scipy(one: Tensor, other: Tensor) -> float:
    rows = [each[0].flatten(1).double().numpy() for each in (one, other)]
    means = [each.mean(1) for each in rows]
    spreads = [np.cov(each, bias=True) + EPS * np.eye(len(each)) for each in rows]
    root = scipy.linalg.sqrtm(spreads[1])
    shared = scipy.linalg.sqrtm(root @ spreads[0] @ root).real
    apart = ((means[0] - means[1]) ** 2).sum()
    return float((apart + np.trace(spreads[0] + spreads[1] - 2 * shared)) / len(means[0]))


def test_the_wasserstein_distance_is_scipys() -> None:
    one, other = features(1), features(2) * 1.5
    found = w2_distance(Moments.of(one), Gaussian.of(Moments.of(other)))
    assert float(found) == pytest.approx(w2_by_scipy(one, other), 1e-4)


def test_the_wasserstein_distance_to_itself_is_nothing() -> None:
    moments = Moments.of(features(3))
    assert float(w2_distance(moments, Gaussian.of(moments))) == pytest.approx(0, abs=1e-4)


def test_the_wasserstein_distance_pulls_as_small_changes_do() -> None:
    one = features(1, channels=3).double().requires_grad_()
    style = Gaussian.of(Moments.of(features(2, channels=3)))
    w2_distance(Moments.of(one), style).backward()
    assert one.grad is not None
    moved = one.detach().clone()
    moved[0, 1, 2, 3] += 0.05
    back = one.detach().clone()
    back[0, 1, 2, 3] -= 0.05
    change = w2_distance(Moments.of(moved), style) - w2_distance(Moments.of(back), style)
    assert float(change) / 0.1 == pytest.approx(float(one.grad[0, 1, 2, 3]), rel=2e-2)


def test_a_distance_by_a_pictures_own_tangent_is_the_distance() -> None:
    one, style = Moments.of(features(1)), Gaussian.of(Moments.of(features(2)))
    found = w2_distance(one, style, Tangent.at(one, style))
    assert float(found) == pytest.approx(float(w2_distance(one, style)), 1e-6)


def test_a_tangent_lies_above_the_root_and_near_it_close_by() -> None:
    one, style = features(1), Gaussian.of(Moments.of(features(2)))
    tangent, aside = Tangent.at(Moments.of(one), style), features(5)
    gaps = []
    for share in (0.05, 0.1, 0.4):
        moved = Moments.of(one.lerp(aside, share))
        gaps.append(float(w2_distance(moved, style) - w2_distance(moved, style, tangent)))
    assert min(gaps) > -1e-5  # the root is taken off, so that the distance by a line is smaller
    assert gaps[0] < gaps[1] < gaps[2]
    assert gaps[0] < 0.02 * float(w2_distance(Moments.of(one), style))


def test_moments_of_parts_add_up_to_those_of_the_whole() -> None:
    whole = features(1)
    halves = (whole[:, :, :2], whole[:, :, 2:])
    parts = totals({"relu1_1": Moments.of(half)} for half in halves)["relu1_1"]
    torch.testing.assert_close(parts.gram, Moments.of(whole).gram)
    torch.testing.assert_close(parts.mean, Moments.of(whole).mean)


def test_a_mask_leaves_moments_of_what_it_shows() -> None:
    whole, mask = features(1), torch.zeros(5, 10)
    mask[:2] = 1
    masked, cut = Moments.of(whole, mask), Moments.of(whole[:, :, :2])
    torch.testing.assert_close(masked.covariance, cut.covariance)


def test_roughness_is_nothing_on_a_plain_picture_and_the_square_of_a_step() -> None:
    assert float(roughness(torch.full((1, 3, 8, 8), 0.4))) == 0
    halves = torch.zeros(1, 3, 4, 5)
    halves[..., 3:] = 0.5
    assert float(roughness(halves)) == pytest.approx(0.25 / 4)
