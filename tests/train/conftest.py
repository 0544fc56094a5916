"""Trainings this small run on one thread."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Sharing such little work between threads takes longer than doing it."""
    torch.set_num_threads(1)
