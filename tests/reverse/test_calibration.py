"""Calibration: the minimum that a general solver finds, and probabilities that come true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.reverse.calibration import Calibration, loss
from lookalike.reverse.manifest import DataError
from lookalike.reverse.modifiers import calibration_error

SIZES = st.tuples(st.integers(0, 9999), st.integers(1, 30), st.integers(1, 5))


def drawn(seed: int, rows: int, words: int, slope: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    """Logits that say too much and are off by a bias for each word, and truths."""
    chance = np.random.default_rng(seed)
    logits = 3 * chance.standard_normal((rows, words)) - 2
    right = slope * logits + chance.standard_normal(words)
    return logits, chance.random((rows, words)) < 1 / (1 + np.exp(-right))


@given(SIZES)
@settings(max_examples=25, deadline=None)
def test_the_fit_is_the_minimum_that_a_general_solver_finds(sizes: tuple[int, int, int]) -> None:
    from scipy.optimize import minimize

    logits, truths = drawn(*sizes)
    found = Calibration.fit(logits, truths)
    theirs = minimize(
        lambda x: loss(Calibration(float(x[0]), x[1:]), logits, truths),
        np.array([1.0, *np.zeros(sizes[2])]),
        method="L-BFGS-B",
    )
    assert loss(found, logits, truths) <= theirs.fun + 1e-6
    np.testing.assert_allclose([found.slope, *found.bias], theirs.x, atol=0.02)


def test_calibrated_probabilities_come_true_on_rows_that_were_not_fitted() -> None:
    logits, truths = drawn(1, 4000, 6)
    found = Calibration.fit(logits[:2000], truths[:2000])
    assert found.slope == pytest.approx(0.4, abs=0.03)
    before = calibration_error(Calibration(1.0, np.zeros(6)).probabilities(logits), truths)
    after = calibration_error(found.probabilities(logits[2000:]), truths[2000:])
    assert before > 0.1
    assert after < 0.02


def test_the_order_of_a_words_probabilities_stays() -> None:
    logits, truths = drawn(2, 300, 4)
    found = Calibration.fit(logits, truths).probabilities(logits)
    np.testing.assert_array_equal(np.argsort(found, axis=0), np.argsort(logits, axis=0))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_words_of_no_row_of_every_row_and_told_without_a_fault_stay_finite(scale: float) -> None:
    logits = scale * np.random.default_rng(0).standard_normal((50, 3))
    truths = np.stack([np.zeros(50), np.ones(50), logits[:, 2] > 0], axis=1) > 0
    found = Calibration.fit(logits, truths)
    assert np.isfinite([found.slope, *found.bias]).all()
    p = found.probabilities(logits)
    assert np.log(np.where(truths, p, 1 - p).clip(1e-12)).mean() > np.log(0.5)


def test_logits_that_no_float_can_raise_give_probabilities() -> None:
    found = Calibration(1.0, np.zeros(2)).probabilities(np.array([[-1e4, 1e4]]))
    np.testing.assert_array_equal(found, [[0, 1]])


@pytest.mark.parametrize("logits", [np.zeros((0, 3)), np.full((2, 3), np.nan)])
def test_nothing_to_fit_to_is_refused(logits: np.ndarray) -> None:
    with pytest.raises(DataError, match="a calibration needs logits"):
        Calibration.fit(logits, np.zeros(logits.shape, dtype=bool))
