"""What the README tells to type works as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Ask

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
NOT_RUN = ("make", "git", "pip", "cd", "source")
"""Commands that a test leaves alone: they install, or need a network."""

MAKERS = ("imagine", "vary", "edit", "demo")
BRIEF = ("--steps", "2")
SMALL = ("--size", "32", "--scales", "1", "--first-steps", "1")
"""Given to commands that make pictures: as written, but with fewer steps of the sampler."""


def blocks(*languages: str) -> list[str]:
    return re.findall(
        rf"^```(?:{'|'.join(languages)})\n(.*?)^```", README, re.DOTALL | re.MULTILINE
    )


def lines() -> list[list[str]]:
    typed = "\n".join(blocks("sh", "console")).splitlines()
    words = [shlex.split(line.removeprefix("$ "), comments=True) for line in typed]
    return [each for each in words if each]


def test_the_readme_tells_to_type_known_commands_only() -> None:
    assert {each[0] for each in lines()} <= {"lookalike", *NOT_RUN}
    assert sum(each[0] == "lookalike" for each in lines()) >= 8


def test_every_command_of_the_readme_works(ask: Ask) -> None:
    for _, *words in (each for each in lines() if each[0] == "lookalike"):
        brief = SMALL if words[0] == "restyle" else BRIEF if words[0] in MAKERS else ()
        answer = ask([*words, *brief])
        assert (answer.code, answer.err) == (0, ""), f"lookalike {shlex.join(words)}"


def test_the_python_of_the_readme_works(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(["world", "make", "--split", "test", "--count", "8", "--out", "pictures"]).code == 0
    for code in blocks("python"):
        exec(compile(code, "README.md", "exec"), {})
    shown = capsys.readouterr().out.splitlines()
    assert shown[-1] == "2"
    assert "12 of 12" in shown


@pytest.mark.parametrize("row", re.findall(r"^\| `lookalike ([^`]*)`", README, re.MULTILINE))
def test_every_command_of_the_table_exists(ask: Ask, row: str) -> None:
    names = re.match(r"[a-z -]+", row)
    assert names is not None
    words = [word for word in names[0].split() if not word.startswith("-")]
    assert ask([*words, "--help"]).code == 0
