"""Fixtures: a small random backbone, and a cache of the test's own."""

from tests.engine.tiny import backbone, one_thread, own_cache

__all__ = ["backbone", "one_thread", "own_cache"]
