"""Plots of the converters' benchmark, as SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from lookalike.core.errors import OptionError
from lookalike.core.intervals import Interval
from lookalike.evaluate.entrants import BASE
from lookalike.evaluate.showing import axes
from lookalike.evaluate.table import Line, Table

MARKS = "os^DvPX<>*ph"
SIZE = (6.4, 4.2)  # inches


def check_plots() -> None:
    """Raise `OptionError` unless plots can be drawn."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as fault:
        raise OptionError(
            'plots are drawn by matplotlib, which is not there: pip install "lookalike[plot]"'
        ) from fault


def pareto(table: Table) -> bytes | None:
    """Likeness against editability, a mark with its intervals for each method.

    None where a domain has not both.
    """
    names = axes(table)
    if names is None:
        return None
    figure, plot = _blank(f"{table.domain}: likeness against editability")
    for line, mark in zip(table.lines, MARKS * len(table.lines), strict=False):
        across, up = (line.figures.get(name) for name in names)
        if across is not None and up is not None:
            _mark(plot, across, up, mark, line.method)
    plot.set_xlabel(names[0].replace("_", " "))
    plot.set_ylabel(names[1].replace("_", " "))
    plot.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return _svg(figure)


def curve(table: Table) -> bytes | None:
    """Likeness over steps of learning; None where no converter has rows for two numbers of steps.

    The closed form, which learns nothing, is a level line.
    """
    names, ways = axes(table), by_steps(table)
    if names is None or not ways:
        return None
    figure, plot = _blank(f"{table.domain}: likeness over steps of learning")
    for (converter, lines), mark in zip(ways.items(), MARKS * len(ways), strict=False):
        known = [(_steps(line), line.figures[names[1]]) for line in lines]
        _line(plot, known, mark, converter)
    base = table.line(BASE)
    if base is not None and names[1] in base.figures:
        plot.axhline(base.figures[names[1]].mean, color="grey", linestyle="--", label=BASE)
    plot.set_xscale("log")
    plot.set_xlabel("steps")
    plot.set_ylabel(names[1].replace("_", " "))
    plot.legend(fontsize="small", frameon=False)
    return _svg(figure)


def by_steps(table: Table) -> dict[str, list[Line]]:
    """Lines of converters that learn, for those with more than one number of steps."""
    names = axes(table)
    found: dict[str, list[Line]] = {}
    for line in table.lines:
        if "steps" in line.options and names is not None and names[1] in line.figures:
            found.setdefault(line.converter, []).append(line)
    return {
        name: sorted(lines, key=_steps)
        for name, lines in found.items()
        if len({_steps(line) for line in lines}) > 1
    }


def _steps(line: Line) -> float:
    return float(line.options["steps"])


def _blank(title: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    plot: Any = figure.subplots()
    plot.set_title(title, fontsize="medium")
    plot.grid(visible=True, alpha=0.3)
    return figure, plot


def _mark(plot: Any, across: Interval, up: Interval, mark: str, name: str) -> None:
    plot.errorbar(
        [across.mean],
        [up.mean],
        xerr=_arms([across]),
        yerr=_arms([up]),
        fmt=mark,
        capsize=2,
        elinewidth=0.8,
        label=name,
    )


def _line(plot: Any, known: Sequence[tuple[float, Interval]], mark: str, name: str) -> None:
    plot.errorbar(
        [steps for steps, _ in known],
        [one.mean for _, one in known],
        yerr=_arms([one for _, one in known]),
        fmt=f"{mark}-",
        capsize=2,
        elinewidth=0.8,
        label=name,
    )


def _arms(figures: Sequence[Interval]) -> list[list[float]]:
    return [[one.mean - one.low for one in figures], [one.high - one.mean for one in figures]]


def _svg(figure: Any) -> bytes:
    import matplotlib as mpl

    made = io.BytesIO()
    # The same figures give the same file: no date, and names that depend on the content.
    with mpl.rc_context({"svg.hashsalt": "lookalike", "svg.fonttype": "none"}):
        figure.savefig(made, format="svg", metadata={"Date": None})
    return made.getvalue()
