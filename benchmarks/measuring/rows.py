"""Rows: what one comparison found, ours against a peer's, and how it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from lookalike.core.record import Record

NOISE = 0.02
"""What a ratio may be off and still count as level: two runs of the same work differ by that."""


class Row(Record):
    """One line of the table: what was measured, ours and theirs, and what it should come to.

    `ratio` is ours over theirs, of one run; a row that nobody else has a figure for leaves out
    `theirs` and `ratio`. `goal` is the most that the ratio may be, or the least where more is
    better; without a ratio it is about `ours` itself.
    """

    part: str = Field(description="The part that it belongs to: a file of this folder.")
    what: str = Field(description="What was measured; unique within its part.")
    ours: float = Field(description="Our figure.")
    theirs: float | None = Field(default=None, description="The peer's figure.")
    unit: str = Field(default="s", description="The unit of both.")
    ratio: float | None = Field(default=None, description="Ours over theirs, within one run.")
    goal: float | None = Field(default=None, description="What the ratio should keep to.")
    better: Literal["less", "more"] = Field(default="less", description="Which way is better.")
    ours_mb: float | None = Field(default=None, description="Our peak memory in MiB.")
    theirs_mb: float | None = Field(default=None, description="The peer's peak memory in MiB.")
    note: str = Field(default="", description="What one must know to read the figures.")

    @property
    def reached(self) -> bool | None:
        """Whether the goal is kept to, noise allowed; None where there is no goal."""
        if self.goal is None:
            return None
        found = self.ours if self.ratio is None else self.ratio
        slack = 1 + NOISE
        return found <= self.goal * slack if self.better == "less" else found * slack >= self.goal


@dataclass(frozen=True)
class Asked:
    """What a part is to do: all of it, a rehearsal, or the pieces whose names were given."""

    quick: bool = False
    only: tuple[str, ...] = ()

    def wants(self, piece: str) -> bool:
        """Whether a piece of a part is to run."""
        return not self.only or piece in self.only
