"""The training loop: a generator of steps that resumes exactly where it was stopped."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from lookalike.core.errors import ModelError, OptionError
from lookalike.core.memory import GIB, free_bytes
from lookalike.train import together
from lookalike.train.checkpoint import NAME, load_checkpoint, save_checkpoint, start_from
from lookalike.train.task import Schedule, Task

SMOOTH = 0.9
"""How much of the speed told before stays in the next one: a device does steps in bunches."""


@dataclass(frozen=True)
class Step:
    """What one finished step tells: its number (from 1), loss and samples a second.

    Loss and details are fetched from the device when they are asked for: who asks at every step
    makes it wait at every step.
    """

    number: int
    of: int
    speed: float
    found: Tensor
    more: Mapping[str, Tensor | float]

    @property
    def loss(self) -> float:
        """The loss of the step."""
        return float(self.found)

    @property
    def details(self) -> dict[str, float]:
        """Further numbers worth showing."""
        return {name: float(value) for name, value in self.more.items()}


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
    live = dict(task.module.named_parameters())
    kept, now = [average[n] for n in live], [w.data for w in live.values()]
    get_ema_multi_avg_fn(decay)(kept, now, 0)


def _step(
    task: Task[Any], optimiser: torch.optim.Optimizer, number: int
) -> tuple[Tensor, Mapping[str, Tensor | float]]:
    for group in optimiser.param_groups:
        group["lr"] = rate(task.schedule, number) * group["pace"]
    optimiser.zero_grad(set_to_none=True)
    kind = next(task.module.parameters()).device.type
    bf16 = task.schedule.bf16
    # Without a cache of cast weights: one that outlives its step belongs to a graph that is gone.
    with task.lent():
        with torch.autocast(kind, torch.bfloat16, enabled=bf16, cache_enabled=False):
            loss, details = task.loss(number)
        loss.backward()
    together.average_gradients(task.module.parameters())
    torch.nn.utils.clip_grad_norm_(task.module.parameters(), task.schedule.clip)
    optimiser.step()
    return _told(loss.detach(), details)


def _told(
    loss: Tensor, details: Mapping[str, Tensor | float]
) -> tuple[Tensor, Mapping[str, Tensor | float]]:
    """The loss and its details, as all processes found them together."""
    if together.place().count == 1:
        return loss, details
    every = torch.stack([loss, *(torch.as_tensor(v).to(loss) for v in details.values())])
    first, *rest = together.averaged(every)
    return first, dict(zip(details, rest, strict=True))


def _check_alone(task: Task[Any]) -> None:
    count = together.place().count
    if count > 1 and not task.shared:
        raise OptionError(
            f"the training {task.called!r} is for one process, not for {count}; "
            "start it without `accelerate launch`"
        )


def _check_room(task: Task[Any]) -> None:
    """Raise ModelError where gradients and Adam's two moments take more memory than is free."""
    learnt = list(task.learnt())
    copies = 4 if task.schedule.ema else 3  # the average is one more
    need = copies * sum(weight.nbytes for weight in learnt)
    free = free_bytes(learnt[0].device) if learnt else None
    if free is None or need <= free:
        return
    count = sum(weight.numel() for weight in learnt)
    raise ModelError(
        f"the training {task.called!r} takes {need / GIB:.1f} GiB of memory beside its model, for "
        f"what goes with the {count / 1e6:,.0f} million weights that learn, and {free / GIB:.1f} "
        f"are free" + (f"; {task.leaner}" if task.leaner else "")
    )


WARM, TIMED = 8, 24
"""Steps that are done before a training's speed is measured, and steps that it is measured on."""


def seconds_a_step(task: Task[Any]) -> float:
    """How long a step in the middle of a training takes, by a few that are done and taken back."""
    task.module.train()
    kept = {name: value.clone() for name, value in task.module.state_dict().items()}
    state = _State(task, None, None)
    state.done, began = task.schedule.steps // 2, 0.0
    for number in range(WARM + TIMED):
        if number == WARM:
            began = time.monotonic()
        found, _ = state.step()
        if number in (WARM - 1, WARM + TIMED - 1):
            float(found)  # waits for the device
    pause = (time.monotonic() - began) / TIMED
    task.module.load_state_dict(kept)
    task.module.zero_grad(set_to_none=True)
    return pause


class _State:
    """A training between two steps: what is kept on disk, by the first process alone."""

    def __init__(self, task: Task[Any], folder: Path | None, start: Path | None) -> None:
        """Read what the folder holds, or begin, with the weights at `start` where there are any."""
        self.task, self.folder = task, folder
        together.wait()  # nobody reads before the first has written what was trained before
        self.before = 0
        if start is not None and (folder is None or not (folder / NAME).exists()):
            self.before = start_from(task.module, start, task.aids)
        self.optimiser = _optimiser(task)
        self.average: dict[str, Tensor] | None = None
        if task.schedule.ema:
            self.average = {n: p.detach().clone() for n, p in task.module.named_parameters()}
        kept = folder and load_checkpoint(
            folder, task.module, self.optimiser, self.average, task.recipe
        )
        self.done, self.before = kept or (0, self.before)
        together.wait()  # nobody writes before all have read
        self.whole = True  # False while a step is half done: such a state is never written
        self.saved, self.saved_at = self.done, time.monotonic()

    def step(self) -> tuple[Tensor, Mapping[str, Tensor | float]]:
        """Do the next step."""
        self.whole = False
        with together.normed_together(self.task.module):
            found = _step(self.task, self.optimiser, self.done)
        if self.average is not None:
            _average(self.average, self.task, self.done)
        self.done, self.whole = self.done + 1, True
        return found

    def save(self, every: float = 0.0) -> None:
        """Write the state if it is whole and new, and the last one is `every` seconds old."""
        new = self.whole and self.done > self.saved
        old = time.monotonic() - self.saved_at >= every
        if self.folder is None or not together.place().first or not (new and old):
            return
        task, averaged = self.task, self.average
        save_checkpoint(
            self.folder, self.done, task.module, self.optimiser, averaged, task.recipe, self.before
        )
        self.saved, self.saved_at = self.done, time.monotonic()


def train(
    task: Task[Any], folder: Path | None, every: float = 120.0, start: Path | None = None
) -> Iterator[Step]:
    """Train a task, yielding each step; stop when you like, call again to go on.

    State is written to `folder` every `every` seconds, at the end, and when the generator is
    closed or interrupted. The same folder and recipe go on from there with the same loss curve
    as an unbroken run (same machine, versions and number of processes). A training that has no
    checkpoint yet may `start` from the weights that another one left in a folder. Without a folder
    nothing is kept: that is for trainings of seconds. Where `accelerate launch` started several
    processes, each trains the same task; all read the folder, and the first writes it.

    Raises:
        ModelError: the folder's checkpoint is damaged or was made by another recipe, or the
            weights to start from are not there or do not fit; or there is too little memory for
            what goes with the weights that learn.
        OptionError: there are several processes, and the task is for one, or its batch cannot be
            dealt to them evenly.
    """
    _check_alone(task)
    _check_room(task)
    task.module.train()
    state, pause = _State(task, folder, start), 0.0
    try:
        while state.done < task.schedule.steps:
            began = time.monotonic()
            loss, details = state.step()
            spent = time.monotonic() - began
            pause = SMOOTH * pause + (1 - SMOOTH) * spent if pause else spent
            state.save(every)
            speed = task.schedule.batch / pause
            yield Step(state.done, task.schedule.steps, speed, loss, details)
    finally:
        state.save()
