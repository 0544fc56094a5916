"""Guidance agrees with its formula, computed by hand on a model that answers as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Conditioning, Plan
from lookalike.core.records import Prompt, Settings
from lookalike.engine.guidance import guided

X = torch.randn(2, 4, 3, 3, generator=torch.Generator().manual_seed(0))
LEVEL = torch.tensor(500)


def reading(value: float) -> Embedding:
    return Embedding(torch.full((1, 2, 3), value), None, "stub")


class Model:
    """Answers with the square of what it reads, on a ground that depends on place and picture."""

    def __init__(self) -> None:
        self.calls = 0
        self.rows = 0

    def __call__(self, x: Tensor, level: Tensor, told: Embedding) -> Tensor:
        self.calls += 1
        self.rows += len(x)
        value = told.tokens[:, 0, 0].reshape(-1, 1, 1, 1)
        return x * value + value**2


def answer(value: float) -> Tensor:
    return X * value + value**2


def plan(weighted: Sequence[tuple[float, float]], guidance: float, bare: float = 0.5) -> Plan:
    return Plan(
        prompt=Prompt(parts=(), settings=Settings(guidance=guidance)),
        conditionings=tuple(Conditioning(reading(v), w) for v, w in weighted),
        unconditional=reading(bare),
        start=X,
    )


def found(weighted: Sequence[tuple[float, float]], guidance: float) -> Tensor:
    return guided(Model(), plan(weighted, guidance), X, LEVEL)


@pytest.mark.parametrize("guidance", [0.0, 1.0, 5.0, 7.5])
def test_one_part_is_weighed_against_no_text(guidance: float) -> None:
    by_hand = answer(0.5) + guidance * (answer(2.0) - answer(0.5))
    torch.testing.assert_close(found([(2.0, 1.0)], guidance), by_hand)


@pytest.mark.parametrize("weight", [0.01, 0.5, 2.0, 300.0])
@pytest.mark.parametrize("guidance", [1.0, 6.0])
def test_the_weight_of_a_lone_part_changes_nothing(weight: float, guidance: float) -> None:
    assert torch.equal(found([(2.0, weight)], guidance), found([(2.0, 1.0)], guidance))


def test_a_lone_part_of_negative_weight_pushes_away() -> None:
    by_hand = answer(0.5) - 4.0 * (answer(2.0) - answer(0.5))
    torch.testing.assert_close(found([(2.0, -3.0)], 4.0), by_hand)


def test_positive_parts_share_the_guidance_and_negative_ones_push_besides() -> None:
    weighted = [(2.0, 3.0), (-1.0, 1.0), (0.2, -2.0)]
    by_hand = answer(0.5)
    for value, weight in weighted:
        by_hand = by_hand + 5.0 * weight / 4.0 * (answer(value) - answer(0.5))
    torch.testing.assert_close(found(weighted, 5.0), by_hand)


def test_weights_count_relative_to_one_another() -> None:
    small, large = [(2.0, 1.0), (-1.0, 2.0)], [(2.0, 100.0), (-1.0, 200.0)]
    torch.testing.assert_close(found(small, 5.0), found(large, 5.0))


def test_a_part_of_weight_zero_changes_nothing() -> None:
    torch.testing.assert_close(found([(2.0, 1.0), (9.0, 0.0)], 5.0), found([(2.0, 1.0)], 5.0))


def test_weights_that_are_all_zero_leave_what_no_text_gives() -> None:
    assert torch.equal(found([(2.0, 0.0)], 5.0), answer(0.5))


def test_guidance_zero_hears_no_text() -> None:
    assert torch.equal(found([(2.0, 1.0)], 0.0), answer(0.5))


def test_plain_guidance_does_not_ask_what_no_text_would_give() -> None:
    model = Model()
    assert torch.equal(guided(model, plan([(2.0, 1.0)], 1.0), X, LEVEL), answer(2.0))
    assert model.calls == 1


def test_a_plan_that_nothing_bends_asks_the_model_once() -> None:
    model = Model()
    guided(model, plan([(2.0, 1.0), (3.0, -1.0)], 5.0), X, LEVEL)
    assert model.calls == 1


def test_texts_of_different_lengths_are_read_one_after_another() -> None:
    longer = Embedding(torch.full((1, 5, 3), 2.0), None, "stub")
    mixed = replace(plan([], 5.0), conditionings=(Conditioning(longer),))
    assert torch.allclose(guided(Model(), mixed, X, LEVEL), found([(2.0, 1.0)], 5.0))


def test_what_is_measured_against_words_is_pushed_from_them_and_they_are_read_once() -> None:
    words, model = reading(2.0), Model()
    pushed = replace(
        plan([], 5.0),
        conditionings=(Conditioning(words), Conditioning(reading(3.0), -2.0, words)),
    )
    by_hand = answer(0.5) + 5.0 * (answer(2.0) - answer(0.5)) - 10.0 * (answer(3.0) - answer(2.0))
    torch.testing.assert_close(guided(model, pushed, X, LEVEL), by_hand)
    assert model.rows == 3 * len(X)
