"""Metrics: best on identical input, and as computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.evaluate.metrics import JUDGED, agreement, f1, mean_judged, psnr, recall_at
from lookalike.world.look import draw
from lookalike.world.style import values

VALUES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["x", "y", "none"]))


def test_agreement_is_the_share_of_pictures_that_came_out_as_wanted() -> None:
    wanted = [{"style": "micah", "skin": "tan"}, {"style": "micah", "skin": "dark"}]
    found = [{"style": "micah", "skin": "pale"}, {"style": "bottts", "skin": "dark"}]
    assert agreement(wanted, found) == {"style": 0.5, "skin": 0.5}


def test_agreement_ignores_attributes_that_are_not_shown() -> None:
    wanted = [{"style": "micah"}, {"style": "micah", "glasses": "none"}]
    found = [{"style": "micah", "glasses": "sunglasses"}, {"style": "micah", "glasses": "none"}]
    assert agreement(wanted, found) == {"style": 1.0, "glasses": 1.0}
    assert agreement(wanted[:1], found[:1]) == {"style": 1.0}


def test_an_attribute_that_was_wanted_and_not_found_counts_as_wrong() -> None:
    assert agreement([{"glasses": "none"}], [{}]) == {"glasses": 0.0}


def test_agreement_wants_one_finding_for_each_picture() -> None:
    with pytest.raises(ValueError, match="zip"):
        agreement([{"a": "x"}], [])


@given(st.lists(VALUES, min_size=1))
@settings(max_examples=40, deadline=None)
def test_agreement_and_f1_are_one_on_identical_input(shown: list[dict[str, str]]) -> None:
    assert set(agreement(shown, shown).values()) <= {1.0}
    assert f1(shown, shown) == 1.0


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1))
@settings(max_examples=60, deadline=None)
def test_f1_is_the_harmonic_mean_of_precision_and_recall(
    pairs: list[tuple[dict[str, str], dict[str, str]]],
) -> None:
    right = said = shown = 0
    for wanted, found in pairs:
        for name, value in found.items():
            said += value != "none"
            right += value != "none" and wanted.get(name) == value
        shown += sum(value != "none" for value in wanted.values())
    if said and shown and right:
        precision, recall = right / said, right / shown
        expected = 2 * precision * recall / (precision + recall)
    else:
        expected = 0.0 if said or shown else 1.0
    assert f1([w for w, _ in pairs], [f for _, f in pairs]) == pytest.approx(expected)


def test_f1_has_its_known_value() -> None:
    wanted = [{"skin": "tan", "hair": "bob", "glasses": "none"}, {"skin": "dark"}]
    found = [{"skin": "tan", "hair": "bun"}, {"skin": "dark", "glasses": "none"}]
    assert f1(wanted, found) == pytest.approx(2 / 3)  # two of three said, two of three shown


def test_silence_about_what_is_shown_scores_nothing() -> None:
    assert f1([{"skin": "tan"}], [{}]) == 0.0


def test_the_judges_figure_is_the_mean_over_judged_attributes_that_were_seen() -> None:
    assert mean_judged({"style": 1.0, "skin": 0.5, "mouth": 0.0}) == 0.75
    assert math.isnan(mean_judged({"mouth": 1.0}))


def test_every_judged_attribute_is_one_of_the_worlds() -> None:
    assert set(JUDGED) <= set(values())


def noise(seed: int) -> Image.Image:
    drawn = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    return Image.fromarray(drawn)


def test_psnr_is_infinite_on_identical_pictures() -> None:
    assert psnr(noise(0), noise(0).copy()) == math.inf


def test_psnr_is_the_ratio_of_the_largest_value_to_the_error() -> None:
    one, other = (Image.new("RGB", (4, 3), (v, v, v)) for v in (100, 110))
    assert psnr(one, other) == pytest.approx(20 * math.log10(255 / 10))
    a, b = (np.asarray(noise(seed), dtype=float) for seed in (1, 2))
    error = ((a - b) ** 2).mean()
    assert psnr(noise(1), noise(2)) == pytest.approx(10 * math.log10(255**2 / error))
    assert psnr(noise(1), noise(2)) == psnr(noise(2), noise(1))


def test_less_error_is_more_psnr() -> None:
    grey = Image.new("RGB", (4, 4), (100, 100, 100))
    near, far = (Image.new("RGB", (4, 4), (v, v, v)) for v in (104, 130))
    assert psnr(grey, near) > psnr(grey, far)


def test_recall_is_one_where_everything_is_nearest_to_its_own() -> None:
    assert recall_at(np.eye(5).tolist(), 1) == 1.0


@pytest.mark.parametrize(("places", "share"), [(1, 1 / 3), (2, 2 / 3), (3, 1.0)])
def test_recall_counts_rows_whose_own_column_is_among_the_best(places: int, share: float) -> None:
    scores = [[9.0, 1.0, 2.0], [5.0, 4.0, 3.0], [3.0, 2.0, 1.0]]
    assert recall_at(scores, places) == pytest.approx(share)


def test_equal_scores_count_for_the_row() -> None:
    assert recall_at([[1.0, 1.0, 1.0]] * 3, 1) == 1.0
    assert recall_at([[0.0, 1.0, 1.0], [0.0, 1.0, 1.0], [0.0, 1.0, 1.0]], 2) == pytest.approx(2 / 3)


@given(st.integers(0, 1000), st.integers(1, 8))
@settings(max_examples=30, deadline=None)
def test_recall_agrees_with_sorting(seed: int, places: int) -> None:
    scores = np.random.default_rng(seed).random((8, 8))
    order = np.argsort(-scores, axis=1)
    expected = np.mean([row in order[row, :places] for row in range(8)])
    assert recall_at(scores.tolist(), places) == pytest.approx(expected)


def test_a_look_agrees_with_itself_and_not_with_another() -> None:
    one, other = draw(1).values, draw(2).values
    assert mean_judged(agreement([one], [one])) == 1.0
    assert mean_judged(agreement([one], [other])) < 1.0
