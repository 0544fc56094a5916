"""Timings; figures about quality are `lookalike mini report` and `lookalike evaluate`."""
