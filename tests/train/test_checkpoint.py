"""Checkpoints: whole and of the same recipe, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lookalike.core.errors import ModelError
from lookalike.train.checkpoint import NAME, trained_samples, trained_weights
from lookalike.train.loop import train
from tests.train.tiny_task import TinyTask, schedule


def run(folder: Path, task: TinyTask) -> TinyTask:
    for _ in train(task, folder):
        pass
    return task


def refusal(folder: Path, task: TinyTask) -> str:
    with pytest.raises(ModelError) as raised:
        next(train(task, folder))
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("kept", [0, 5, 100, 0.5, -1])
def test_a_damaged_checkpoint_is_refused_and_left_alone(tmp_path: Path, kept: float) -> None:
    run(tmp_path, TinyTask())
    file = tmp_path / NAME
    whole = file.read_bytes()
    damaged = whole[: int(len(whole) * kept) if kept == 0.5 else int(kept)]
    file.write_bytes(damaged)
    assert str(file) in refusal(tmp_path, TinyTask())
    assert file.read_bytes() == damaged
    with pytest.raises(ModelError):
        trained_weights(tmp_path)


def test_a_checkpoint_with_a_damaged_header_is_refused(tmp_path: Path) -> None:
    run(tmp_path, TinyTask())
    file = tmp_path / NAME
    whole = bytearray(file.read_bytes())
    whole[8:40] = b"\0" * 32
    file.write_bytes(whole)
    assert "not a whole checkpoint" in refusal(tmp_path, TinyTask())


@pytest.mark.parametrize("other", [{"rate": 2e-2}, {"seed": 1}, {"steps": 13}, {"ema": 0.0}])
def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path, other: dict[str, float]) -> None:
    run(tmp_path, TinyTask())
    told = {**schedule().model_dump(), **other}
    told.pop("steps", None)
    changed = schedule(int(other.get("steps", 12)), **told)
    assert "another recipe" in refusal(tmp_path, TinyTask(changed))


def test_weights_of_an_untrained_part_are_missed_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="train this part first") as raised:
        trained_weights(tmp_path / "unet")
    assert "\n" not in str(raised.value)


def test_without_an_average_the_trained_weights_are_the_modules(tmp_path: Path) -> None:
    task = run(tmp_path, TinyTask(schedule(ema=0.0)))
    trained = trained_weights(tmp_path)
    assert trained.keys() == task.module.state_dict().keys()
    assert all(torch.equal(trained[k], v) for k, v in task.module.state_dict().items())


def test_the_average_is_the_one_computed_by_hand(tmp_path: Path) -> None:
    task = TinyTask()
    by_hand = {n: p.detach().double().clone() for n, p in task.module.named_parameters()}
    for step in train(task, tmp_path):
        # Steps count from 0 in the ramp of TensorFlow's ExponentialMovingAverage.
        decay = min(0.9, step.number / (9 + step.number))
        for name, weight in task.module.named_parameters():
            by_hand[name] = decay * by_hand[name] + (1 - decay) * weight.detach().double()
    trained = trained_weights(tmp_path)
    for name, expected in by_hand.items():
        torch.testing.assert_close(trained[name].double(), expected, rtol=0, atol=1e-6)
        assert not torch.equal(trained[name], task.module.state_dict()[name])


def test_running_statistics_are_kept_as_they_are_beside_the_average(tmp_path: Path) -> None:
    task = run(tmp_path, TinyTask())
    statistics = task.module.state_dict()["1.running_mean"]
    assert statistics.abs().sum() > 0
    assert torch.equal(trained_weights(tmp_path)["1.running_mean"], statistics)


def test_a_new_training_starts_from_anothers_weights_and_counts_their_samples(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    run(first, TinyTask())
    task = TinyTask(schedule(steps=5, seed=7))
    steps = train(task, second, start=first)
    next(steps)
    steps.close()
    untouched = TinyTask(schedule(steps=5, seed=7))
    learnt = trained_weights(first)
    now = task.module.state_dict()
    name = "0.weight"
    near = (now[name] - learnt[name]).abs().max()
    far = (now[name] - untouched.module.state_dict()[name]).abs().max()
    assert near < 0.05 < far
    assert trained_samples(second) == (12 + 1) * 4
    # Going on, what it started from is no longer needed, and is not taken again.
    for _ in train(TinyTask(schedule(steps=5, seed=7)), second, start=tmp_path / "gone"):
        pass
    assert trained_samples(second) == (12 + 5) * 4


def test_weights_of_another_shape_cannot_be_started_from(tmp_path: Path) -> None:
    first = tmp_path / "first"
    run(first, TinyTask())
    task = TinyTask()
    task.module[0] = torch.nn.Linear(4, 9)
    with pytest.raises(ModelError, match="do not fit this recipe") as raised:
        next(train(task, tmp_path / "second", start=first))
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "second").exists()
    with pytest.raises(ModelError, match="train this part first"):
        next(train(TinyTask(), tmp_path / "second", start=tmp_path / "none"))
