"""No text of any kind makes the language raise anything but an error that helps."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from tests.core.language.garbled import outcome
from tests.core.language.garbled import short as garbled_prompts

ROOT = Path(__file__).parents[3]


def at_full_speed(what: str, size: int) -> dict[str, float]:
    """Run in a process of its own: types checked at run time make each call twenty times slower."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.language.garbled", what, str(size)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": "src"},
    )
    return ast.literal_eval(done.stdout)


@pytest.mark.parametrize("count", [2000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_thousands_of_garbled_prompts_are_read_or_refused(count: int) -> None:
    found = at_full_speed("short", count)
    assert found["read"] + found["refused"] == count
    # Neither all of them right nor all of them wrong.
    assert min(found["read"], found["refused"]) > count / 5


def test_garbled_prompts_keep_to_the_types_of_every_function() -> None:
    found = garbled_prompts(300, seed=2)
    assert found["read"] > 50
    assert found["refused"] > 50


@effort(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=80))
def test_any_characters_are_read_or_refused(text: str) -> None:
    assert outcome(text) in ("read", "refused")


@pytest.mark.slow
def test_very_long_texts_are_read_or_refused() -> None:
    found = at_full_speed("long", 100_000)
    assert found["refused"] > 0
    assert found["read"] > 0
