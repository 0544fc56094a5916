"""The objective: each term as by hand, and no term where its weight is 0."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from lookalike.reverse.objective import asymmetric_loss, joint_loss

PREDICTED = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
TARGETS = torch.tensor([[0.6, 0.8], [0.0, 1.0]])
LOGITS = torch.tensor([[0.0, 2.0, -1.0], [0.0, -3.0, 1.0]])
MARKS = torch.tensor([[True, True, False], [False, False, False]])

COSINE = (0.4 + 0) / 2
HUBER = (0.4**2 / 2 + 0.8**2 / 2) / 4
VOCABULARY = (
    sum(
        math.log1p(math.exp(-z if mark else z))
        for z, mark in zip(LOGITS.flatten().tolist(), MARKS.flatten().tolist(), strict=True)
    )
    / 6
)


def test_the_joint_loss_is_the_published_sum() -> None:
    loss, details = joint_loss(PREDICTED, TARGETS, LOGITS, MARKS)
    assert loss.item() == pytest.approx(COSINE + 0.1 * VOCABULARY + HUBER, rel=1e-6)
    assert {name: term.item() for name, term in details.items()} == pytest.approx(
        {"cosine": COSINE, "vocabulary": VOCABULARY, "huber": HUBER}, rel=1e-6
    )


@pytest.mark.parametrize(
    ("weights", "wanted"),
    [
        ({"vocabulary": 0, "huber": 0}, {"cosine": COSINE}),
        ({"cosine": 0, "huber": 0, "vocabulary": 1}, {"vocabulary": VOCABULARY}),
        ({"cosine": 0, "vocabulary": 0}, {"huber": HUBER}),
        ({"cosine": 0, "vocabulary": 0, "huber": 0}, {}),
    ],
)
def test_a_term_of_weight_0_is_not_there(
    weights: dict[str, float], wanted: dict[str, float]
) -> None:
    loss, details = joint_loss(PREDICTED, TARGETS, LOGITS, MARKS, **weights)
    assert loss.item() == pytest.approx(sum(wanted.values()), rel=1e-6)
    assert {name: term.item() for name, term in details.items()} == pytest.approx(wanted, rel=1e-6)


def test_without_the_vocabulary_neither_logits_nor_marks_are_needed() -> None:
    loss, _ = joint_loss(PREDICTED, TARGETS, vocabulary=0)
    assert loss.item() == pytest.approx(COSINE + HUBER, rel=1e-6)
    with pytest.raises(ValueError, match="needs logits and marks"):
        joint_loss(PREDICTED, TARGETS)


def test_huber_leaves_the_square_where_numbers_differ_by_more_than_1() -> None:
    loss, _ = joint_loss(3 * PREDICTED, TARGETS, cosine=0, vocabulary=0)
    wanted = ((2.4 - 0.5) + 0.8**2 / 2 + (2 - 0.5)) / 4
    assert loss.item() == pytest.approx(wanted, rel=1e-6)


def test_between_unit_vectors_huber_is_the_cosine_term_over_the_width() -> None:
    chance = torch.Generator().manual_seed(0)
    one, other = (F.normalize(torch.randn(50, 384, generator=chance), dim=1) for _ in range(2))
    _, details = joint_loss(one, other, vocabulary=0)
    assert details["huber"].item() == pytest.approx(details["cosine"].item() / 384, rel=1e-4)


def test_the_loss_falls_along_its_slope_and_details_have_none() -> None:
    predicted, logits = PREDICTED.clone().requires_grad_(), LOGITS.clone().requires_grad_()
    loss, details = joint_loss(predicted, TARGETS, logits, MARKS)
    loss.backward()
    assert predicted.grad is not None
    assert logits.grad is not None
    with torch.no_grad():
        after, _ = joint_loss(
            predicted - 0.1 * predicted.grad, TARGETS, logits - 0.1 * logits.grad, MARKS
        )
    assert after.item() < loss.item()
    assert not any(term.requires_grad for term in details.values())


def test_the_asymmetric_loss_is_the_papers_formula() -> None:
    total = 0.0
    for z, mark in zip(LOGITS.flatten().tolist(), MARKS.flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-z))
        shifted = max(p - 0.2, 0)
        total -= (1 - p) ** 2 * math.log(p) if mark else shifted**3 * math.log(1 - shifted)
    assert asymmetric_loss(LOGITS, MARKS, 2, 3, 0.2).item() == pytest.approx(total / 6, rel=1e-6)


@given(st.integers(0, 999), st.floats(0.1, 30))
@settings(max_examples=30, deadline=None)
def test_without_asymmetry_it_is_the_binary_cross_entropy(seed: int, scale: float) -> None:
    chance = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(4, 5, generator=chance)
    truths = torch.rand(4, 5, generator=chance) < 0.3
    found = asymmetric_loss(logits, truths, 0, 0, 0)
    wanted = F.binary_cross_entropy_with_logits(logits, truths.float())
    torch.testing.assert_close(found, wanted)


def test_an_absence_below_the_margin_counts_for_nothing() -> None:
    logits = torch.tensor([[-3.0, -20.0]], requires_grad=True)  # probabilities below 0.05
    loss = asymmetric_loss(logits, torch.zeros(1, 2, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 4.0])
@pytest.mark.parametrize("margin", [0.0, 0.05])
def test_slopes_are_finite_at_logits_that_leave_no_doubt(gamma: float, margin: float) -> None:
    logits = torch.tensor([[-200.0, 200.0, -200.0, 200.0]], requires_grad=True)
    truths = torch.tensor([[True, True, False, False]])
    asymmetric_loss(logits, truths, gamma, gamma, margin).backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
