"""What commands show and where their files go: results on stdout, progress on stderr."""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from lookalike.core.plan import Result
    from lookalike.core.png import Sign
    from lookalike.engine.run import Progress
    from lookalike.session import Run

T = TypeVar("T")
R = TypeVar("R")

OUT = Path("lookalike-out")
"""Where files go when nothing else is said."""


def folder(out: Path | None) -> Path:
    """The folder to write to; `OutputError` at once, before hours of work, if it cannot be one."""
    from lookalike.core.errors import OutputError

    chosen = OUT if out is None else out
    if chosen.exists() and not chosen.is_dir():
        raise OutputError(f"cannot write into {chosen}: it is a file, not a folder")
    return chosen


def new_file(path: Path) -> Path:
    """A file that is still to be made; `OutputError` at once where something is there."""
    from lookalike.core.errors import OutputError

    if path.exists():
        raise OutputError(f"cannot write {path}: it exists already; name another file")
    return path


def show_json(value: object) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = True) -> None:
    """Print a table as wide as its cells need.

    The first column is left-aligned; the others are right-aligned unless they hold no `numbers`.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        made.add_column(name, justify="right" if numbers and place else "left", no_wrap=True)
    for row in rows:
        # As Text, so that brackets in names and prompts are not read as markup.
        made.add_row(*(Text(cell) for cell in row))
    # Wider than any: a cell is to be read whole, also where lines are folded or go to a file.
    Console(highlight=False, width=10_000).print(made)


@contextmanager
def bar() -> Iterator[Bar | None]:
    """A progress bar on stderr, or None where stderr is no terminal."""
    # Of the processes that `accelerate launch` starts, the first alone draws one.
    if not sys.stderr.isatty() or os.environ.get("RANK", "0") != "0":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield shown


PAUSE = 0.1
"""Seconds between looks at what a bar shows: a GPU has to be waited for at each."""


def watched(
    work: Iterator[T],
    title: str,
    tell: Callable[[T], tuple[float, float, str]],
    log: float | None = None,
) -> T | None:
    """Run `work` to its end with a progress bar, and give the last that it yielded.

    `tell` says of each yielded thing how many are done, of how many, and a note to show. With
    `log`, a line every so many seconds takes the bar's place. Whatever happens, `work` is closed,
    so that it takes away what it had half done.
    """
    last, start, began = None, 0.0, time.monotonic()
    looked = began
    with _closing(work), nullcontext() if log is not None else bar() as shown:
        job = None if shown is None else shown.add_task(title, total=None, note="")
        for last in work:
            now = time.monotonic()
            if log is not None and not start:
                start, began = tell(last)[0], now
            elif log is not None and now - looked >= log:
                done, total, note = tell(last)
                left = (now - began) * (total - done) / max(done - start, 1) / 60
                typer.echo(f"{title} {done:.0f}/{total:.0f}  {note}  {left:.1f} minutes left")
                looked = now
            elif shown is not None and job is not None and now - looked >= PAUSE:
                done, total, note = tell(last)
                shown.update(job, completed=done, total=total, note=note)
                looked = now
    return last


def drained(
    work: Generator[T, None, R], title: str, tell: Callable[[T], tuple[float, float, str]]
) -> R:
    """Run `work` to its end as `watched` does, and give what it returns."""
    found: list[R] = []

    def run() -> Generator[T, None, None]:
        found.append((yield from work))

    watched(run(), title, tell)
    return found[0]


def staged(work: Iterator[Any], outcome: type[T]) -> T:
    """Run a measurement, showing its stages, to the outcome that it yields last."""

    def tell(stage: Any) -> tuple[float, float, str]:
        if isinstance(stage, outcome):
            return 1, 1, ""
        return stage.done, stage.of, stage.name

    last = watched(work, "measuring", tell)
    assert isinstance(last, outcome)  # by the contract of measurements
    return last


@contextmanager
def _closing(work: object) -> Iterator[None]:
    """Close a generator whatever happens; other iterators hold nothing to let go of."""
    try:
        yield
    finally:
        if isinstance(work, Generator):
            work.close()


def finished(run: Run[T], title: str, show: Callable[[Progress], None] | None = None) -> T:
    """Drain a run, with a progress bar where a person watches; `show` is given every step."""
    with closing(run), bar() as shown:
        job = None if shown is None else shown.add_task(title, total=1, note="")
        for progress in run:
            if shown is not None and job is not None:
                shown.update(job, completed=progress.step, total=progress.of)
            if show is not None:
                show(progress)
        return run.result()


def save(result: Result, out: Path, *, name: str | None = None, sign: Sign | None = None) -> None:
    """Write a result's pictures, and a grid of them, and print where they are."""
    for path in result.save(out, name=name, sign=sign):
        typer.echo(path)
    if result.has_grid:
        typer.echo(result.save_grid(out, name=name, sign=sign))
    elif len(result.pictures) > 1:
        warnings.warn("there is no grid: one picture cannot hold so many pixels", stacklevel=1)
