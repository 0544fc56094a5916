"""Records of the converters' benchmark: a row's scores as they are kept, and the tables of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lookalike.core.intervals import Interval, Score, difference, interval
from lookalike.core.record import Record
from lookalike.core.records import Settings
from lookalike.evaluate.entrants import BASE

HeldOut = Literal["validation", "test"]

FRECHET = "frechet"
BETTER_LOW = frozenset({FRECHET, "seconds", "megabytes"})
"""Figures of which less is better; of all others, more."""


class Row(Record):
    """One method in one domain: every reference's scores."""

    domain: str = Field(description="The domain.")
    method: str = Field(description="The row's name.")
    converter: str = Field(description="The converter; empty for floor and ceiling.")
    options: dict[str, str | int | float] = Field(description="Its options.")
    references: tuple[str, ...] = Field(description="The references, in order.")
    scores: dict[str, tuple[Score, ...]] = Field(description="A score for each, by name.")
    frechet: Interval | None = Field(description="The Fréchet distance to held-out pictures.")

    def figures(self) -> dict[str, Interval]:
        """The mean of each score with its interval, and the Fréchet distance with its own."""
        means = {name: interval(scores) for name, scores in self.scores.items()}
        every = {**means, FRECHET: self.frechet}
        return {name: figure for name, figure in every.items() if figure is not None}

    def minus(self, other: Row) -> dict[str, Interval]:
        """The mean of each paired difference to another row of the same references."""
        found = {
            name: difference(scores, other.scores[name])
            for name, scores in self.scores.items()
            if name in other.scores
        }
        return {name: figure for name, figure in found.items() if figure is not None}


class Line(Record):
    """One line of a table."""

    method: str = Field(description="The row's name.")
    converter: str = Field(description="The converter; empty for floor and ceiling.")
    options: dict[str, str | int | float] = Field(description="Its options.")
    figures: dict[str, Interval] = Field(description="Means, with their 95 % intervals.")
    against: dict[str, Interval] = Field(
        description="Paired differences to the closed form's row, with their 95 % intervals."
    )


class Table(Record):
    """All methods in one domain."""

    domain: str = Field(description="The domain.")
    references: int = Field(description="How many references.")
    others: int = Field(description="How many held-out pictures made pictures are compared with.")
    directions: int = Field(description="On how many directions the Fréchet distance is taken.")
    skipped: tuple[str, ...] = Field(description="Pictures that could not be read, and why.")
    lines: tuple[Line, ...] = Field(description="Methods, from the ceiling to the floor.")

    def line(self, method: str) -> Line | None:
        """The line of that name, if there is one."""
        return next((line for line in self.lines if line.method == method), None)

    @property
    def columns(self) -> list[str]:
        """The figures that some method has, in the order of the table."""
        every = [name for line in self.lines for name in line.figures]
        return list(dict.fromkeys(every))


class Converters(Record):
    """The benchmark's outcome."""

    model: str = Field(description="The model.")
    model_sha256: str = Field(description="Its hash.")
    split: HeldOut = Field(description="Of which split the drawn world's references are.")
    settings: Settings = Field(description="How pictures were made.")
    pictures: int = Field(description="How many pictures are made like each reference.")
    edits: int = Field(description="How many edits are made of each reference.")
    instructions: int = Field(description="How many editing instructions there are.")
    tables: tuple[Table, ...] = Field(description="A table for each domain.")


def lines(rows: list[Row]) -> tuple[Line, ...]:
    """Rows of one domain as lines, each compared with the closed form's."""
    base = next((row for row in rows if row.method == BASE), None)
    return tuple(
        Line(
            method=row.method,
            converter=row.converter,
            options=row.options,
            figures=row.figures(),
            against=row.minus(base) if base is not None and base is not row else {},
        )
        for row in rows
    )
