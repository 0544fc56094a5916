"""What the benchmark shows: figures with their intervals, and plots of all methods."""

from __future__ import annotations

import sys

import pytest

from lookalike.core.errors import OptionError
from lookalike.core.intervals import Interval
from lookalike.core.records import Settings
from lookalike.evaluate.plots import by_steps, check_plots, curve, pareto
from lookalike.evaluate.showing import cell, differences, main_table, spreadsheet
from lookalike.evaluate.table import Converters, Row, Table, lines


def row(method: str, agreement: float, edits: float | None, steps: int | None = None) -> Row:
    return Row(
        domain="own",
        method=method,
        converter=method.split()[0],
        options={} if steps is None else {"steps": steps},
        references=("a", "b"),
        scores={
            "agreement": (agreement, agreement + 0.2),
            "edit_accuracy": (edits, edits),
            "dino": (None, None),
        },
        frechet=None,
    )


def table(*rows: Row) -> Table:
    made = lines(list(rows))
    return Table(domain="own", references=2, others=0, directions=0, skipped=(), lines=made)


FULL = table(
    row("closed-form", 0.4, 0.5), row("online 10", 0.5, 0.5, 10), row("online 30", 0.7, 0.3, 30)
)


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (Interval(mean=0.841, low=0.8, high=0.881), "0.84 [0.80, 0.88]"),
        (Interval(mean=0.0512, low=0.05, high=0.06), "0.051 [0.050, 0.060]"),
        (Interval(mean=123.4, low=100.0, high=150.0), "123 [100, 150]"),
        (None, ""),
    ],
)
def test_a_cell_holds_a_mean_and_its_interval(figure: Interval | None, text: str) -> None:
    assert cell(figure) == text


def test_tables_show_what_was_judged_and_what_differs() -> None:
    heads, rows = main_table(FULL)
    assert heads == ("own", "agreement", "edit accuracy")
    assert rows[0][:2] == ("closed-form", "0.50 [0.40, 0.60]")
    heads, rows = differences(FULL)
    assert heads == ("minus closed-form", "agreement", "edit accuracy")
    assert rows[1] == ("online 30", "+0.30 [+0.30, +0.30]", "-0.20 [-0.20, -0.20]")
    assert differences(table(row("online 10", 0.5, 0.5, 10)))[1] == []


def test_a_spreadsheet_has_three_columns_for_each_figure() -> None:
    found = Converters(
        model="m",
        model_sha256="s",
        split="test",
        settings=Settings(),
        pictures=2,
        edits=2,
        instructions=30,
        tables=(FULL, table(row("closed-form", 0.4, None))),
    )
    head, first, *rest = spreadsheet(found).splitlines()
    assert head.endswith(
        "agreement,agreement_low,agreement_high,edit_accuracy,edit_accuracy_low,edit_accuracy_high"
    )
    assert first == "own,closed-form,closed-form,2,0.5,0.4,0.6000000000000001,0.5,0.5,0.5"
    assert rest[-1].endswith(",,,")


@pytest.mark.slow
def test_a_plot_names_every_method_and_is_the_same_each_time() -> None:
    drawn = pareto(FULL)
    assert drawn is not None
    assert all(line.method.encode() in drawn for line in FULL.lines)
    assert pareto(FULL) == drawn
    assert pareto(table(row("closed-form", 0.4, None))) is None


def test_without_the_library_that_draws_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_plots()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(OptionError, match=r"pip install .lookalike\[plot\]"):
        check_plots()


def test_a_curve_is_drawn_for_what_has_rows_of_several_steps() -> None:
    drawn = curve(FULL)
    assert drawn is not None
    assert list(by_steps(FULL)) == ["online"]
    assert b"online" in drawn
    assert b"closed-form" in drawn
    assert curve(table(row("closed-form", 0.4, 0.5), row("online 10", 0.5, 0.5, 10))) is None
