"""The page on memory shows the stored figures, and the real shapes have the published sizes."""

from __future__ import annotations

import json

import pytest

from benchmarks.memory import PAGE, WEIGHTS, commands_table, filled
from benchmarks.rehearse import FIGURES

PUBLISHED = {"sd15": 1066, "sd21": 1290, "sdxl": 3468}
"""Millions of weights of U-Net, VAE and text towers, as the model cards count them."""


def test_the_tables_of_the_page_are_the_stored_figures() -> None:
    text = PAGE.read_text("utf-8")
    assert filled(text) == text


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_shapes_have_as_many_weights_as_the_published_ones(name: str) -> None:
    told = json.loads(FIGURES.read_text("utf-8"))[WEIGHTS][name]
    assert told["loaded"] / 1e6 == pytest.approx(PUBLISHED[name], rel=0.005)


def test_a_minimum_holds_the_loading_too() -> None:
    rows = {"load": {"peak": 5.3}, "imagine": {"peak": 4.5}, "tune": {"peak": 8.9}}
    table = commands_table({"sd15, float32": rows | {"edit": {"failed": 1}}})
    assert "| imagine | 6 |" in table
    assert "| tune | 10 |" in table
    assert "| edit | – |" in table


def test_what_sees_needs_what_loading_its_eyes_takes() -> None:
    rows = {"load": {"peak": 5.3}, "batch, embed": {"peak": 7.4}, "blend": {"peak": 6.1}}
    killed = {"learn": {"failed": -9, "peak": 22.6}, "tune": {"failed": 1, "peak": 9.0}}
    table = commands_table({"sdxl, bfloat16": rows | killed})
    assert "| blend | 8 |" in table
    assert "| learn | > 22 |" in table
    assert "| tune | – |" in table
