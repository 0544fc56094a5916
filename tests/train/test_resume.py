"""A training that was stopped anywhere goes on as if it had not been."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from lookalike.train import loop
from lookalike.train.checkpoint import NAME, trained_weights
from lookalike.train.loop import train
from tests.train.tiny_task import TinyTask, schedule

STEPS = 12
ROOT = Path(__file__).parents[2]


def losses(folder: Path, task: TinyTask | None = None, every: float = 120.0) -> list[float]:
    return [step.loss for step in train(task or TinyTask(), folder, every)]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[float], dict[str, Tensor]]:
    """Loss curve and final weights of a run that nobody stopped."""
    folder = tmp_path_factory.mktemp("unbroken")
    return losses(folder), trained_weights(folder)


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("stop", range(1, STEPS + 1))
def test_a_run_stopped_after_any_step_goes_on_as_if_unbroken(
    tmp_path: Path, unbroken: tuple[list[float], dict[str, Tensor]], stop: int
) -> None:
    running = train(TinyTask(), tmp_path)
    begun = [next(running).loss for _ in range(stop)]
    running.close()
    curve = begun + losses(tmp_path)
    assert curve == unbroken[0]
    assert same(trained_weights(tmp_path), unbroken[1])


@pytest.mark.parametrize("stop", range(1, STEPS))
def test_what_a_kill_leaves_on_disk_goes_on_as_if_unbroken(
    tmp_path: Path, unbroken: tuple[list[float], dict[str, Tensor]], stop: int
) -> None:
    running = train(TinyTask(), tmp_path / "killed", every=0)
    begun = [next(running).loss for _ in range(stop)]
    shutil.copytree(tmp_path / "killed", tmp_path / "left")  # no chance to tidy up
    curve = begun + losses(tmp_path / "left")
    running.close()
    assert curve == unbroken[0]
    assert same(trained_weights(tmp_path / "left"), unbroken[1])


@pytest.mark.parametrize("interrupt", [0, 1, 7, STEPS - 1])
@pytest.mark.parametrize("every", [0.0, 120.0])
def test_a_run_interrupted_in_the_middle_of_a_step_goes_on_as_if_unbroken(
    tmp_path: Path,
    unbroken: tuple[list[float], dict[str, Tensor]],
    interrupt: int,
    every: float,
) -> None:
    begun: list[float] = []
    with pytest.raises(KeyboardInterrupt):
        begun.extend(step.loss for step in train(TinyTask(interrupt=interrupt), tmp_path, every))
    assert begun == unbroken[0][:interrupt]
    rest = losses(tmp_path)
    assert rest == unbroken[0][STEPS - len(rest) :]
    assert len(rest) == (STEPS - interrupt if every == 0 else STEPS)
    assert same(trained_weights(tmp_path), unbroken[1])


def test_a_run_interrupted_between_weights_and_their_average_keeps_neither(
    tmp_path: Path,
    unbroken: tuple[list[float], dict[str, Tensor]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    average = loop._average

    def interrupted(kept: dict[str, Tensor], task: Any, step: int) -> None:
        if step == 5:
            raise KeyboardInterrupt
        average(kept, task, step)

    monkeypatch.setattr(loop, "_average", interrupted)
    with pytest.raises(KeyboardInterrupt):
        losses(tmp_path, every=0)
    monkeypatch.undo()
    assert losses(tmp_path) == unbroken[0][5:]
    assert same(trained_weights(tmp_path), unbroken[1])


def test_a_consumer_that_raises_loses_no_step(
    tmp_path: Path, unbroken: tuple[list[float], dict[str, Tensor]]
) -> None:
    def stop_at_six() -> None:
        running = train(TinyTask(), tmp_path)
        try:
            for step in running:
                if step.number == 6:
                    raise ValueError("no more")
        finally:
            running.close()

    with pytest.raises(ValueError, match="no more"):
        stop_at_six()
    assert losses(tmp_path) == unbroken[0][6:]


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path) -> None:
    losses(tmp_path)
    written = (tmp_path / NAME).stat().st_mtime_ns
    assert losses(tmp_path) == []
    assert (tmp_path / NAME).stat().st_mtime_ns == written


def test_a_run_in_bfloat16_without_an_average_resumes_exactly_too(tmp_path: Path) -> None:
    plain = schedule(STEPS, bf16=True, ema=0.0)
    whole = losses(tmp_path / "whole", TinyTask(plain))
    running = train(TinyTask(plain), tmp_path / "broken")
    begun = [next(running).loss for _ in range(5)]
    running.close()
    assert begun + losses(tmp_path / "broken", TinyTask(plain)) == whole


def killed(folder: Path, steps: int) -> list[float]:
    """The losses that a training in a process of its own told before SIGKILL ended it."""
    script = ROOT / "tests" / "train" / "tiny_task.py"
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    child = subprocess.Popen(
        [sys.executable, str(script), str(folder), str(steps)],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
    )
    told: list[float] = []
    assert child.stdout is not None
    with child:
        for line in child.stdout:
            told.append(float(line.split()[1]))
            if (folder / NAME).exists() and len(told) % 8 == 3:
                child.kill()
                break
    assert child.returncode == -9
    return told


@pytest.mark.slow
def test_a_killed_process_leaves_a_run_that_goes_on_as_if_unbroken(tmp_path: Path) -> None:
    steps = 400
    told = killed(tmp_path / "killed", steps)
    whole = losses(tmp_path / "whole", TinyTask(schedule(steps)))
    rest = losses(tmp_path / "killed", TinyTask(schedule(steps)))
    kept = steps - len(rest)
    assert 0 < kept < steps
    assert told == whole[: len(told)]
    assert rest == whole[kept:]
    assert same(trained_weights(tmp_path / "killed"), trained_weights(tmp_path / "whole"))
