"""What moves the pixels: Adam with a memory that grows with the picture, and L-BFGS."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lookalike.restyle.objective import Value
from lookalike.restyle.options import Restyle
from lookalike.restyle.pixels import resized

Evaluate = Callable[[Tensor], Value]

_SPREAD = 0.99  # Adam's second beta, crowsonkb's: quick, as the picture changes all the while
_SMALL = 1e-8
_HISTORY = 100  # pairs that L-BFGS remembers, as in neural-style's own code
_ONE_STEP = 1


class Adam:
    """Adam (Kingma and Ba 2015); from size to size its moments are made larger with the picture."""

    def __init__(self, rate: float, momentum: float = 0.9) -> None:
        """Begin without a memory."""
        self.rate, self.momentum, self.steps = rate, momentum, 0
        self.first: Tensor | None = None
        self.second: Tensor | None = None

    def move(self, picture: Tensor, evaluate: Evaluate) -> tuple[Tensor, Value]:
        """The picture after a step, and its value before."""
        value = evaluate(picture)
        gradient = value.gradient
        first = torch.zeros_like(picture) if self.first is None else self.first
        second = torch.zeros_like(picture) if self.second is None else self.second
        self.steps += 1
        self.first = first.lerp(gradient, 1 - self.momentum)
        self.second = second.lerp(gradient.square(), 1 - _SPREAD)
        mean = self.first / (1 - self.momentum**self.steps)
        spread = self.second / (1 - _SPREAD**self.steps)
        return picture - self.rate * mean / (spread.sqrt() + _SMALL), value

    def resize(self, size: tuple[int, int]) -> None:
        """Go on at another size, (width, height)."""
        if self.first is not None and self.second is not None:
            self.first = resized(self.first, size)
            self.second = resized(self.second, size, "bilinear")


class Lbfgs:
    """Torch's L-BFGS, asked for one step at a time; another size begins without a memory."""

    def __init__(self, rate: float) -> None:
        """Begin without a memory."""
        self.rate = rate
        self.held: tuple[Tensor, torch.optim.LBFGS] | None = None

    def move(self, picture: Tensor, evaluate: Evaluate) -> tuple[Tensor, Value]:
        """The picture after a step, and its value before."""
        if self.held is None:
            moved = picture.detach().clone().requires_grad_()
            made = torch.optim.LBFGS([moved], self.rate, _ONE_STEP, history_size=_HISTORY)
            self.held = moved, made
        moved, optimiser = self.held
        found: list[Value] = []

        def value() -> float:
            found.append(evaluate(moved.detach()))
            moved.grad = found[-1].gradient.contiguous()
            return found[-1].loss

        with torch.no_grad():
            moved.copy_(picture)
        optimiser.step(value)
        return moved.detach().clone(), found[0]

    def resize(self, size: tuple[int, int]) -> None:
        """Forget."""
        self.held = None


def optimiser(options: Restyle) -> Adam | Lbfgs:
    """The optimiser that the options name."""
    if options.optimiser == "adam":
        return Adam(options.rate, options.momentum)
    return Lbfgs(options.rate)
