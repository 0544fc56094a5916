"""How a reference bends a plan: one mechanism a file, each a function from Plan to Plan."""

from lookalike.core.registry import Registry
from lookalike.refer.base import ADAPTER, USUAL, Mechanism, Referred

mechanisms = Registry("lookalike.refer", Mechanism, "lookalike.mechanisms")

__all__ = ["ADAPTER", "USUAL", "Mechanism", "Referred", "mechanisms"]
