"""The training loop: a generator of steps that resumes exactly where it was stopped."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lookalike.train.checkpoint import NAME, load_checkpoint, save_checkpoint, start_from
from lookalike.train.task import Schedule, Task


@dataclass(frozen=True)
class Step:
    """What one finished step tells: its number (from 1), loss and samples a second."""

    number: int
    of: int
    loss: float
    speed: float
    details: dict[str, float]


def rate(schedule: Schedule, step: int) -> float:
    """The learning rate of a step: linear warm-up, then a half cosine down to `decay`."""
    warm = min(1.0, (step + 1) / max(1, schedule.warmup))
    share = min(1.0, step / schedule.steps)
    cosine = schedule.decay + (1 - schedule.decay) * 0.5 * (1 + math.cos(math.pi * share))
    return schedule.rate * warm * cosine


def _optimiser(task: Task[Any]) -> torch.optim.AdamW:
    schedule = task.schedule
    groups: dict[float, list[Any]] = {}
    for name, weight in task.module.named_parameters():
        if weight.requires_grad:
            groups.setdefault(task.pace(name), []).append(weight)
    return torch.optim.AdamW(
        [{"params": each, "pace": pace} for pace, each in groups.items()],
        schedule.rate,
        schedule.betas,
        weight_decay=schedule.weight_decay,
        fused=True,
    )


def _average(average: dict[str, Tensor], task: Task[Any], step: int) -> None:
    # The ramp of TensorFlow's ExponentialMovingAverage: early steps forget the start quickly.
    decay = min(task.schedule.ema, (1 + step) / (10 + step))
    names = [n for n, _ in task.module.named_parameters()]
    live = dict(task.module.named_parameters())
    for name in names:
        average[name].lerp_(live[name].data, 1 - decay)


def _step(
    task: Task[Any], optimiser: torch.optim.Optimizer, number: int
) -> tuple[float, dict[str, float]]:
    for group in optimiser.param_groups:
        group["lr"] = rate(task.schedule, number) * group["pace"]
    optimiser.zero_grad(set_to_none=True)
    kind = next(task.module.parameters()).device.type
    bf16 = task.schedule.bf16
    # Without a cache of cast weights: one that outlives its step belongs to a graph that is gone.
    with torch.autocast(kind, torch.bfloat16, enabled=bf16, cache_enabled=False):
        loss, details = task.loss(number)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(task.module.parameters(), task.schedule.clip)
    optimiser.step()
    return float(loss.detach()), details


def train(
    task: Task[Any], folder: Path | None, every: float = 120.0, start: Path | None = None
) -> Iterator[Step]:
    """Train a task, yielding each step; stop when you like, call again to go on.

    State is written to `folder` every `every` seconds, at the end, and when the generator is
    closed or interrupted. The same folder and recipe go on from there with the same loss curve
    as an unbroken run (same machine and versions). A training that has no checkpoint yet may
    `start` from the weights that another one left in a folder. Without a folder nothing is kept:
    that is for trainings of seconds.

    Raises:
        ModelError: the folder's checkpoint is damaged or was made by another recipe, or the
            weights to start from are not there or do not fit.
    """
    task.module.train()
    before = 0
    if start is not None and (folder is None or not (folder / NAME).exists()):
        before = start_from(task.module, start, task.aids)
    optimiser = _optimiser(task)
    average = None
    if task.schedule.ema:
        average = {n: p.detach().clone() for n, p in task.module.named_parameters()}
    recipe = task.recipe.model_dump_json()
    kept = folder and load_checkpoint(folder, task.module, optimiser, average, recipe)
    done, before = kept or (0, before)
    saved_at, saved = time.monotonic(), done
    whole = True  # False while a step is half done: such a state is never written
    try:
        for number in range(done, task.schedule.steps):
            began, whole = time.monotonic(), False
            loss, details = _step(task, optimiser, number)
            if average is not None:
                _average(average, task, number)
            done, whole = number + 1, True
            now = time.monotonic()
            speed = task.schedule.batch / (now - began)
            if folder is not None and now - saved_at > every:
                save_checkpoint(folder, done, task.module, optimiser, average, recipe, before)
                saved_at, saved = time.monotonic(), done
            yield Step(done, task.schedule.steps, loss, speed, details)
    finally:
        if folder is not None and whole and done > saved:
            save_checkpoint(folder, done, task.module, optimiser, average, recipe, before)
