"""How a comparison is measured: turns that alternate, peaks of memory, and the rows they fill."""

from benchmarks.measuring.memory import Peak, peak
from benchmarks.measuring.rows import Asked, Row
from benchmarks.measuring.turns import Spent, Turns, alternate

__all__ = ["Asked", "Peak", "Row", "Spent", "Turns", "alternate", "peak"]
