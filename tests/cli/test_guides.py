"""What the guide to working on pictures tells to type works as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ask

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "pictures.md"


def blocks(language: str) -> str:
    text = GUIDE.read_text(encoding="utf-8")
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


FIRST, *OTHERS = [line for line in blocks("sh").splitlines() if line]
"""The command that makes the pictures, and those that work on them."""


def test_the_guide_shows_every_command_that_works_on_pictures() -> None:
    assert {shlex.split(line)[1] for line in OTHERS} == {
        *("pick", "vary", "zoom", "pan", "blend", "remix")
    }


@pytest.mark.parametrize("line", OTHERS)
def test_a_command_of_the_guide_works(ask: Ask, tiny: str, line: str) -> None:
    brief = ("--steps", "1", "--model", tiny)
    for typed in (FIRST, line):
        _, *words = shlex.split(typed)
        answer = ask([*words, *(() if words[0] == "pick" else brief)])
        assert (answer.code, answer.err) == (0, "")


def test_the_python_of_the_guide_works(ask: Ask, tiny: str) -> None:
    _, *words = shlex.split(FIRST)
    assert ask([*words, "--steps", "1", "--model", tiny]).code == 0
    code = blocks("python").replace("Session()", f"Session({tiny!r})")
    code = code.replace("Settings(count=2)", "Settings(count=1, steps=1)")
    found: dict[str, Any] = {}
    exec(compile(code, GUIDE.name, "exec"), found)
    assert found["tile"].recipe.index == 2
    assert found["wider"].pictures[0].width == found["around"].pictures[0].width * 3 // 2
