"""Modifiers: as scikit-learn and a loop have them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.reverse.manifest import DataError
from lookalike.reverse.modifiers import calibration_error, f1, jaccard, said, thresholds

SIZES = st.tuples(st.integers(0, 9999), st.integers(1, 12), st.integers(1, 6))


def drawn(seed: int, rows: int, words: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities with many ties, and truths that follow them loosely."""
    chance = np.random.default_rng(seed)
    probabilities = chance.integers(0, 8, (rows, words)) / 8
    return probabilities, chance.random((rows, words)) < probabilities**2


@given(SIZES)
@settings(max_examples=30, deadline=None)
def test_each_threshold_has_the_best_f1_that_any_threshold_has(
    sizes: tuple[int, int, int],
) -> None:
    probabilities, truths = drawn(*sizes)
    found = said(probabilities, thresholds(probabilities, truths))
    for word, true in enumerate(truths.T):
        if not true.any():
            assert not found[:, word].any()
            continue
        scores = [
            f1(probabilities[:, [word]] >= at, true[:, None]).micro for at in np.arange(10) / 8
        ]
        assert f1(found[:, [word]], true[:, None]).micro == max(scores)


def test_a_threshold_lies_between_the_last_word_said_and_the_next() -> None:
    probabilities = np.array([[0.9, 0.2], [0.6, 0.1], [0.2, 0.1], [0.1, 0.3]], dtype=np.float32)
    truths = np.array([[1, 0], [1, 0], [0, 0], [0, 0]], dtype=bool)
    np.testing.assert_allclose(thresholds(probabilities, truths), [0.4, np.inf], atol=1e-7)


def test_neighbouring_numbers_are_told_apart() -> None:
    high = np.nextafter(0.5, 1)
    probabilities, truths = np.array([[high], [0.5]]), np.array([[True], [False]])
    found = said(probabilities, thresholds(probabilities, truths))
    np.testing.assert_array_equal(found, truths)


@given(SIZES)
@settings(max_examples=15, deadline=None)
def test_f1_and_jaccard_agree_with_scikit_learn(sizes: tuple[int, int, int]) -> None:
    from sklearn.metrics import f1_score, jaccard_score

    probabilities, true = drawn(*sizes)
    predicted = probabilities > 0.5
    # scikit-learn takes a single column for one label of two values, so a word that no row has
    # is put beside it; it changes neither score.
    a, b = (np.pad(each, ((0, 0), (0, 1))) for each in (true, predicted))
    found = f1(predicted, true)
    assert found.micro == pytest.approx(f1_score(a, b, average="micro", zero_division=1.0))
    assert found.per_row == pytest.approx(f1_score(a, b, average="samples", zero_division=1.0))
    wanted = jaccard_score(a, b, average="samples", zero_division=1.0)
    assert jaccard(predicted, true) == pytest.approx(wanted)


def test_two_empty_sets_agree_and_an_empty_one_with_another_does_not() -> None:
    none, some = np.zeros((1, 3), dtype=bool), np.ones((1, 3), dtype=bool)
    assert (f1(none, none).micro, f1(none, none).per_row, jaccard(none, none)) == (1, 1, 1)
    for one, other in ((none, some), (some, none)):
        assert (f1(one, other).micro, f1(one, other).per_row, jaccard(one, other)) == (0, 0, 0)


@given(SIZES, st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_the_calibration_error_is_what_a_loop_over_bins_says(
    sizes: tuple[int, int, int], bins: int
) -> None:
    probabilities, truths = drawn(*sizes)
    each, true, error = probabilities.ravel(), truths.ravel(), 0.0
    for place in range(bins):
        upper = each <= 1 if place == bins - 1 else each * bins < place + 1
        chosen = (each * bins >= place) & upper
        if chosen.any():
            error += chosen.mean() * abs(each[chosen].mean() - true[chosen].mean())
    assert calibration_error(probabilities, truths, bins) == pytest.approx(error, abs=1e-12)


def test_the_calibration_error_is_0_where_probabilities_come_true_and_1_where_never() -> None:
    truths = np.array([[True, False, False, False]])
    assert calibration_error(np.full((1, 4), 0.25), truths) == 0
    assert calibration_error(1.0 * truths, truths) == 0
    assert calibration_error(1.0 * ~truths, truths) == 1


def test_nothing_to_judge_and_nan_are_refused() -> None:
    for rows, words in ((0, 3), (3, 0)):
        with pytest.raises(DataError, match="no words to judge"):
            thresholds(np.zeros((rows, words)), np.zeros((rows, words), dtype=bool))
    with pytest.raises(DataError, match="hold NaN"):
        calibration_error(np.array([[np.nan]]), np.array([[True]]))
