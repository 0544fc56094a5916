"""The kernel: each step against an independent computation, and what each mode promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.core.errors import LookalikeError
from lookalike.reverse.kernel import GAMMAS, Kernel, centroids_of, choose, kernel_rows
from lookalike.reverse.ridge import Ridge
from lookalike.reverse.vectors import cosines, unit

WIDTH = 12


def drawn(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """First-level outputs that see their targets through a warp and noise, and the targets."""
    chance = np.random.default_rng(seed)
    truth = unit(chance.standard_normal((rows, WIDTH)))
    scale = np.linspace(0.3, 2, WIDTH)
    seen = truth[:, ::-1] * scale + 0.8 * truth + 0.1 * chance.standard_normal(truth.shape)
    return seen + 0.3, truth


@given(st.integers(0, 999), st.floats(0.01, 200))
@settings(max_examples=20, deadline=None)
def test_the_kernel_is_what_a_loop_says(seed: int, gamma: float) -> None:
    chance = np.random.default_rng(seed)
    p, landmarks = chance.standard_normal((4, 3)), chance.standard_normal((5, 3))
    found = kernel_rows(p, landmarks, gamma)
    for i, one in enumerate(p):
        for j, other in enumerate(landmarks):
            cosine = math.fsum(one * other) / math.sqrt(math.fsum(one**2) * math.fsum(other**2))
            assert found[i, j] == pytest.approx(math.exp(-gamma * (1 - cosine) / 2), rel=1e-9)


def test_the_kernel_tells_pictures_apart_where_the_published_gamma_does_not() -> None:
    p, _ = drawn(0, 50)
    apart = ~np.eye(50, dtype=bool)
    assert kernel_rows(p, p, 0.01)[apart].min() > 0.99
    assert np.ptp(kernel_rows(p, p, 20)[apart]) > 0.2


@pytest.mark.slow
@given(
    st.integers(0, 999),
    st.integers(1, 20),
    st.integers(1, 20),
    st.lists(st.floats(0.01, 100), min_size=1, max_size=3),
)
@settings(max_examples=30, deadline=None)
def test_one_decomposition_gives_the_ridge_of_scikit_learn_at_every_alpha(
    seed: int, rows: int, features: int, alphas: list[float]
) -> None:
    from sklearn.linear_model import Ridge as Theirs

    chance = np.random.default_rng(seed)
    x, y = chance.standard_normal((rows, features)) + 3, chance.standard_normal((rows, 4)) - 2
    asked = chance.standard_normal((5, features))
    ours = Ridge.fit(x, y)
    for alpha, found in zip(alphas, ours.path(asked, alphas), strict=True):
        wanted = Theirs(alpha=alpha).fit(x, y).predict(asked)
        np.testing.assert_allclose(found, wanted, atol=1e-8)
        np.testing.assert_allclose(ours.predict(asked, alpha), found, atol=1e-12)


def test_each_centroid_takes_the_embedding_of_its_nearest_sample() -> None:
    p, _ = drawn(1, 60)
    places, nearest = centroids_of(p, 20, seed=0)
    assert places.shape == (20, WIDTH)
    gaps = np.array([[math.dist(place, sample) for sample in unit(p)] for place in places])
    # A cluster of two has its centre as far from the one as from the other.
    np.testing.assert_allclose(
        np.take_along_axis(gaps, nearest[:, None], 1), gaps.min(1, keepdims=True)
    )


def test_as_many_centroids_as_samples_are_the_samples() -> None:
    p, _ = drawn(2, 15)
    places, nearest = centroids_of(p, 15, seed=0)
    assert sorted(nearest) == list(range(15))
    np.testing.assert_allclose(places, unit(p)[nearest], atol=1e-12)


def test_a_kernel_is_the_ridge_on_its_rows_step_by_step() -> None:
    from sklearn.linear_model import Ridge as Theirs

    (p, y), (target, _) = drawn(3, 80), drawn(4, 30)
    found = Kernel.fit(p, y, target, gamma=5, alpha=0.5, centroids=25, seed=7).predict(target)
    places, nearest = centroids_of(p, 25, seed=7)
    landmarks = np.concatenate([places, unit(target)])
    theirs = Theirs(alpha=0.5).fit(kernel_rows(places, landmarks, 5), y[nearest])
    wanted = theirs.predict(kernel_rows(target, landmarks, 5))
    np.testing.assert_allclose(found, unit(wanted), atol=1e-9)


def test_the_chosen_kernel_is_the_best_of_all_that_were_tried() -> None:
    (p, y), (seen, truth) = drawn(5, 120), drawn(6, 40)
    gammas, alphas = (0.5, 5.0, 50.0), (0.01, 1.0, 100.0)
    choice = choose(p, y, seen, truth, gammas, alphas, centroids=60)
    for row, gamma in enumerate(gammas):
        for column, alpha in enumerate(alphas):
            one = Kernel.fit(p, y, gamma=gamma, alpha=alpha, centroids=60)
            mean = cosines(one.predict(seen), truth).mean()
            assert choice.table[row, column] == pytest.approx(mean, abs=1e-9)
    assert choice.cosine == choice.table.max()
    best = cosines(choice.kernel.predict(seen), truth).mean()
    assert best == pytest.approx(choice.cosine, abs=1e-9)


def test_the_kernel_beats_the_outputs_that_it_reads_also_under_a_shift() -> None:
    (p, y), (seen, truth), (target, goal) = drawn(7, 400), drawn(8, 100), drawn(9, 100)
    target = target + np.linspace(-0.3, 0.3, WIDTH)
    for more in (None, target):
        kernel = choose(p, y, seen, truth, GAMMAS, target_p=more, centroids=200).kernel
        assert cosines(kernel.predict(target), goal).mean() > cosines(target, goal).mean() + 0.1


def test_inductive_predictions_do_not_depend_on_the_other_pictures_asked_for() -> None:
    (p, y), (target, _) = drawn(10, 80), drawn(11, 20)
    kernel = Kernel.fit(p, y, gamma=5, centroids=40)
    alone = np.concatenate([kernel.predict(one[None]) for one in target])
    np.testing.assert_allclose(kernel.predict(target), alone, atol=1e-12)


def test_transductive_predictions_depend_on_the_target_that_was_shown() -> None:
    (p, y), (target, _) = drawn(12, 80), drawn(13, 20)
    one, other = (
        Kernel.fit(p, y, shown, gamma=5, centroids=40).predict(target[:2])
        for shown in (target, target[:5])
    )
    assert np.abs(one - other).max() > 1e-3


def test_the_same_seed_fits_the_same_kernel() -> None:
    p, y = drawn(14, 80)
    one, other = (Kernel.fit(p, y, gamma=5, centroids=40, seed=3).predict(p) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1)


def test_samples_that_are_all_alike_still_give_a_kernel() -> None:
    p, y = np.ones((9, 3)), unit(np.ones((9, 3)))
    found = Kernel.fit(p, y, gamma=5, centroids=4).predict(p)
    np.testing.assert_allclose(found, y, atol=1e-9)


P, Y = drawn(15, 10)
BROKEN = np.where(np.arange(WIDTH) == 3, np.nan, P)


@pytest.mark.parametrize(
    ("source", "goal", "target", "options", "told"),
    [
        (P, Y, None, {"centroids": 11}, "at most 10 centroids, or more samples"),
        (P, Y, P[:1], {}, "use the inductive mode"),
        (P, Y, P[:, :5], {}, "the target: 5 numbers in a row, where 12 are needed"),
        (P, Y[:9], None, {}, "10 and 9 rows"),
        (BROKEN, Y, None, {}, "NaN or infinity in 10 of 10 rows, the first is row 0"),
        (P, Y, BROKEN, {}, "of the target: NaN"),
        (P, Y, P[:0], {}, "of the target: there are none"),
        (P, Y, None, {"gamma": 0}, "gammas of the kernel should be above 0"),
        (P, Y, None, {"alpha": float("nan")}, "alphas of the kernel should be above 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_one_line(
    source: np.ndarray,
    goal: np.ndarray,
    target: np.ndarray | None,
    options: dict[str, float],
    told: str,
) -> None:
    with pytest.raises(LookalikeError, match=told) as fault:
        Kernel.fit(source, goal, target, **{"gamma": 1.0, "centroids": 5} | options)
    assert "\n" not in str(fault.value)


def test_pictures_of_another_width_are_refused() -> None:
    kernel = Kernel.fit(P, Y, gamma=1, centroids=5)
    with pytest.raises(LookalikeError, match="5 numbers in a row, where 12 are needed"):
        kernel.predict(P[:, :5])
