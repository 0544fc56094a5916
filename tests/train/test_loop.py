"""Steps of a training: what they see, how fast they learn, and what they tell."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.core.errors import ModelError
from lookalike.train import loop
from lookalike.train.loop import rate, train
from lookalike.train.task import Schedule
from tests.train.tiny_task import TinyTask, schedule

SCHEDULES = st.builds(
    Schedule,
    steps=st.integers(1, 500),
    batch=st.just(1),
    rate=st.floats(1e-6, 1),
    warmup=st.integers(0, 100),
    decay=st.floats(0, 1),
)


def seen(batch: int, count: int, epochs: int, seed: int = 0) -> list[int]:
    task = TinyTask(schedule(batch=batch, seed=seed))
    steps = -(-count * epochs // batch)
    return torch.cat([task.order(step, count) for step in range(steps)]).tolist()


@given(batch=st.integers(1, 9), count=st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_every_sample_is_seen_once_an_epoch(batch: int, count: int) -> None:
    places = seen(batch, count, epochs=3)
    for epoch in range(3):
        assert sorted(places[epoch * count : (epoch + 1) * count]) == list(range(count))


def test_every_epoch_and_every_seed_has_an_order_of_its_own() -> None:
    places = seen(4, 50, epochs=2)
    assert places[:50] != places[50:100]
    assert places[:50] != seen(4, 50, epochs=1, seed=1)[:50]
    assert places[:50] == seen(4, 50, epochs=1)[:50]


def test_the_chance_of_a_step_depends_on_its_number_and_the_seed_alone() -> None:
    def drawn(seed: int, step: int) -> list[float]:
        return torch.rand(3, generator=TinyTask(schedule(seed=seed)).chance(step)).tolist()

    assert drawn(0, 5) == drawn(0, 5)
    assert drawn(0, 5) != drawn(0, 6)
    assert drawn(0, 5) != drawn(1, 5)


@given(SCHEDULES)
@settings(max_examples=60, deadline=None)
def test_the_rate_rises_during_warm_up_and_falls_after_it(of: Schedule) -> None:
    rates = [rate(of, step) for step in range(of.steps)]
    slack = 1 + 1e-9
    assert all(0 < r <= of.rate * slack for r in rates)
    after = rates[max(0, of.warmup - 1) :]
    assert all(a * slack >= b for a, b in pairwise(after))
    assert all(r * slack >= of.rate * of.decay for r in after)


def test_the_rate_has_its_known_values() -> None:
    of = Schedule(steps=1000, batch=1, rate=0.5, warmup=10, decay=0.1)
    assert rate(of, 0) == pytest.approx(0.05, rel=1e-3)
    assert rate(of, 9) == pytest.approx(0.5, rel=1e-3)
    assert rate(of, 500) == pytest.approx(0.5 * 0.55)
    assert rate(of, 1000) == pytest.approx(0.05)
    assert rate(of, 5000) == pytest.approx(0.05)


def test_a_step_learns_at_the_rate_of_its_number(tmp_path: Path) -> None:
    # AdamW's first step moves a weight by the rate, whatever the gradient.
    task = TinyTask(schedule(weight_decay=0.0, warmup=4))
    before = task.module[0].weight.detach().clone()
    next(train(task, tmp_path))
    moved = (task.module[0].weight.detach() - before).abs()
    assert float(moved.max()) == pytest.approx(rate(task.schedule, 0), rel=1e-2)


def test_steps_are_numbered_from_one_and_tell_what_they_found(tmp_path: Path) -> None:
    steps = list(train(TinyTask(), tmp_path))
    assert [step.number for step in steps] == list(range(1, 13))
    assert {step.of for step in steps} == {12}
    assert all(step.speed > 0 for step in steps)
    assert steps[0].details == {"rows": 4.0}


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    losses = [step.loss for step in train(TinyTask(schedule(150)), tmp_path)]
    assert sum(losses[-10:]) < 0.3 * sum(losses[:10])


def test_too_little_memory_is_said_before_the_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = TinyTask()
    held = sum(weight.nbytes for weight in task.module.parameters())
    monkeypatch.setattr(loop, "free_bytes", lambda _: 4 * held - 1)
    with pytest.raises(ModelError, match=r"^the training 'tiny' takes 0.0 GiB .*0.0 are free$"):
        next(train(task, tmp_path / "run"))
    assert not (tmp_path / "run").exists()
    monkeypatch.setattr(loop, "free_bytes", lambda _: 4 * held)
    assert next(train(task, tmp_path / "run")).number == 1
