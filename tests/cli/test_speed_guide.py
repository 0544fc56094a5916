"""What the guide to running models tells to type works as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from benchmarks.guides import of_speed
from lookalike.core.compute import SHORT, Compute
from lookalike.core.pictures import read_recipe
from tests.cli.conftest import Ask

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "speed.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    return found


def test_the_command_works_and_its_recipe_keeps_how(ask: Ask, tiny: str, tmp_path: Path) -> None:
    _, *words = shlex.split(block("sh"))
    brief = ("--steps", "1", "--count", "1", "--model", tiny, "--out", str(tmp_path / "made"))
    answer = ask([*words, *brief])
    assert (answer.code, answer.err) == (0, "")
    [made] = (tmp_path / "made").glob("*.png")
    assert read_recipe(made).compute == Compute(dtype="bfloat16", sampler="unipc")
    assert "run as    dtype bfloat16, sampler unipc" in ask(["recipe", str(made)]).out


def test_the_python_says_the_same() -> None:
    found: dict[str, Any] = {}
    exec(block("python"), found)
    assert found["session"].models.compute == Compute.read("bfloat16,unipc")


def test_the_guides_tables_are_those_of_the_figures() -> None:
    assert of_speed(GUIDE) == GUIDE


def test_the_guide_tells_of_every_word() -> None:
    assert all(f"`{word.replace('_', '-')}`" in GUIDE for word in SHORT)


def test_a_word_that_is_none_is_told_in_one_line(ask: Ask) -> None:
    answer = ask(["imagine", "a cat", "--compute", "fastest"])
    assert answer.code == 2
    assert answer.err.startswith("lookalike: --compute knows no fastest; it knows float32")
    assert answer.err.count("\n") == 1
