"""From pictures to embeddings that a backbone reads as a prompt: one converter a file."""

from lookalike.convert.base import Converter
from lookalike.core.registry import Registry

converters = Registry("lookalike.convert", Converter, "lookalike.converters")

__all__ = ["Converter", "converters"]
