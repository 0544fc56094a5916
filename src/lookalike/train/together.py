"""Several processes as one training: which rows are whose, and what all of them found together.

`accelerate launch` starts the processes and tells each its place. Everything that a step draws is
drawn for the whole batch in each of them, from the step's number; then each takes its own rows. So
the rows of all processes are the batch that one process would have seen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lookalike.core.errors import OptionError

T = TypeVar("T")

PATIENCE = timedelta(days=1)
"""How long a process waits for the others: the first alone draws pictures and reads data sets."""


@dataclass(frozen=True)
class Place:
    """Which of how many processes this is; the first writes all files."""

    number: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.number == 0


@cache
def place() -> Place:
    """This process's place among those that `accelerate launch` started; alone without it."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or "RANK" not in os.environ:
        return Place()
    from accelerate import PartialState

    # Unless it is told that there are CPUs alone, accelerate takes each process for the only one.
    cpu = not torch.cuda.is_available() or bool(os.environ.get("ACCELERATE_USE_CPU"))
    state = PartialState(cpu=cpu, timeout=PATIENCE)
    return Place(state.process_index, state.num_processes)


def whole(count: int) -> int:
    """How many rows the batch has of which this process has `count`."""
    return count * place().count


def dealt(rows: T) -> T:
    """This process's rows of a whole batch: a tensor's, or a sequence's; all where it is alone.

    Raises:
        OptionError: the rows cannot be dealt evenly.
    """
    here, every = place(), cast(Any, rows)
    if here.count == 1:
        return rows
    if len(every) % here.count:
        raise OptionError(
            f"{len(every)} samples cannot be dealt to {here.count} processes evenly; "
            f"choose a batch that is a multiple of {here.count}"
        )
    return every[here.number :: here.count]


def joined(own: Float[Tensor, "own ..."]) -> Float[Tensor, "batch ..."]:
    """The rows of all processes in the order of the whole batch, open to gradients."""
    return own if place().count == 1 else cast(Tensor, _Joined.apply(own))


class _Joined(torch.autograd.Function):
    """Gathers rows; in the backward pass each process gets what all of them want of its rows."""

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        from accelerate.utils import gather

        ctx.kind = own.dtype
        found = cast(Tensor, gather(own.float().contiguous()))
        return found.unflatten(0, (place().count, len(own))).transpose(0, 1).flatten(0, 1)

    @staticmethod
    def backward(ctx: Any, *wanted: Tensor) -> Tensor:
        from accelerate.utils import reduce

        # A sum, since gradients of weights are averaged in the end.
        return dealt(cast(Tensor, reduce(wanted[0].contiguous(), "sum"))).to(ctx.kind)


def averaged(values: Tensor) -> Tensor:
    """The mean of a tensor over the processes, the same in all of them."""
    if place().count == 1:
        return values
    from accelerate.utils import reduce

    return cast(Tensor, reduce(values, "mean"))


def average_gradients(weights: Iterable[nn.Parameter]) -> None:
    """Give every process the mean gradient, in one message."""
    if place().count == 1:
        return
    slopes = [each.grad for each in weights if each.grad is not None]
    flat = averaged(torch.cat([each.flatten() for each in slopes]))
    for slope, mean in zip(slopes, flat.split([each.numel() for each in slopes]), strict=True):
        slope.copy_(mean.view_as(slope))


@contextmanager
def normed_together(module: nn.Module) -> Iterator[None]:
    """A block in which batch norms see the whole batch and give each process its own rows."""
    if place().count == 1:
        yield
        return
    # torch's SyncBatchNorm is for GPUs alone.
    norms = [each for each in module.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)]
    before = [each.register_forward_pre_hook(_every_row) for each in norms]
    after = [each.register_forward_hook(_own_rows) for each in norms]
    try:
        yield
    finally:
        for each in (*before, *after):
            each.remove()


def _every_row(norm: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (joined(given[0]),) if norm.training else given


def _own_rows(norm: nn.Module, given: tuple[Tensor, ...], found: Tensor) -> Tensor:
    return dealt(found) if norm.training else found


def wait() -> None:
    """Go on when every process has come here."""
    if place().count > 1:
        from accelerate import PartialState

        PartialState().wait_for_everyone()


@contextmanager
def first_here() -> Iterator[None]:
    """A block that the first process does alone; the others follow when it is done."""
    if not place().first:
        wait()
    yield
    if place().first:
        wait()


def told(find: Callable[[], float]) -> float:
    """What the first process finds, told to all: they decide alike, and one alone has the work."""
    if place().count == 1:
        return find()
    found = torch.tensor(find() if place().first else 0.0, dtype=torch.float64)
    return float(averaged(found.to(_where()))) * place().count


def _where() -> torch.device:
    from accelerate import PartialState

    found = PartialState().device
    assert found is not None
    return found
