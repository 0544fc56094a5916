"""From pictures to prompts: one describer a file."""

from lookalike.core.registry import Registry
from lookalike.describe.base import Describer

describers = Registry("lookalike.describe", Describer, "lookalike.describers")

__all__ = ["Describer", "describers"]
