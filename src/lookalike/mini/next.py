"""What the next step needs, made while a device is busy with this one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import torch

T = TypeVar("T")


class Next(Generic[T]):
    """Draws of steps, each begun when the one before it is asked for; on the CPU none is.

    A draw depends on its step's number alone, so it is the same whenever it is made. A CPU has no
    idle time to win.
    """

    def __init__(self, draw: Callable[[int], T], device: torch.device) -> None:
        """Nothing is drawn before it is asked for."""
        self.draw, self.ahead = draw, device.type != "cpu"
        self.thread = ThreadPoolExecutor(1)
        self.begun: dict[int, Future[T]] = {}

    def __call__(self, step: int) -> T:
        """The draw of a step."""
        if not self.ahead:
            return self.draw(step)
        ready = self.begun.pop(step, None)
        found = self.draw(step) if ready is None else ready.result()
        self.begun = {step + 1: self.thread.submit(self.draw, step + 1)}
        return found
