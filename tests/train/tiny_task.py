"""The smallest training: a few weights, running statistics, and noise drawn in every step."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from lookalike.train.loop import train
from lookalike.train.task import Recipe, Schedule, Task
from lookalike.train.together import dealt

COUNT = 10


def schedule(steps: int = 12, **other: object) -> Schedule:
    """A schedule with everything that could go wrong on resuming: decay, warm-up, an average."""
    told = {"batch": 4, "rate": 1e-2, "warmup": 3, "ema": 0.9, "bf16": False, **other}
    return Schedule.model_validate({"steps": steps, **told})


class TinyTask(Task[Recipe]):
    """A regression; `interrupt` is the step in whose middle Ctrl-C is pressed."""

    called = "tiny"

    def __init__(self, of: Schedule | None = None, interrupt: int | None = None) -> None:
        self.recipe = Recipe(schedule=of or schedule())
        self.interrupt = interrupt
        made = torch.Generator().manual_seed(0)
        self.inputs = torch.randn(COUNT, 4, generator=made)
        with torch.random.fork_rng():
            torch.manual_seed(self.schedule.seed)
            self.module = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))

    def loss(self, step: int) -> tuple[Tensor, dict[str, float]]:
        """The square error of noisy inputs' sums."""
        every = self.inputs[self.order(step, COUNT)]
        noise = dealt(torch.randn(every.shape, generator=self.chance(step)))
        rows = dealt(every)
        found = self.module(rows + 0.1 * noise)
        if step == self.interrupt:  # the running statistics have changed, the weights have not
            raise KeyboardInterrupt
        return (found - rows.sum(1, keepdim=True)).square().mean(), {"rows": float(len(rows))}


def main(folder: str, steps: str) -> None:
    """Train slowly and say every step: what a test kills."""
    torch.set_num_threads(1)
    for step in train(TinyTask(schedule(int(steps))), Path(folder), every=0.1):
        print(step.number, repr(step.loss), flush=True)
        time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
