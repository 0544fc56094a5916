"""What the guide to working on pictures tells to type works as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.cli.conftest import Ask

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "pictures.md"
BRIEF = ("--steps", "1")
"""Given to commands that make pictures: as written, but with fewer steps of the sampler."""


def blocks(language: str) -> str:
    text = GUIDE.read_text(encoding="utf-8")
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def test_every_command_of_the_guide_works(ask: Ask) -> None:
    for line in blocks("sh").splitlines():
        _, *words = shlex.split(line)
        answer = ask([*words, *(() if words[0] in ("world", "pick") else BRIEF)])
        assert (answer.code, answer.err) == (0, ""), line
