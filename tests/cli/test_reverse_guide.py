"""What the guide on the prompt that made a picture tells to type works as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from lookalike.reverse.manifest import read
from tests.cli.conftest import Ask
from tests.reverse.published import Shot, write_table, write_zip

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "reverse.md"
DATA = GUIDE.read_text(encoding="utf-8").partition("\n## Data\n")[2].partition("\n## ")[0]
PROMPTS = [
    *("a portrait of an old sailor", "a castle above the clouds", "a bowl of ripe oranges"),
    *("a city street at night in the rain", "an astronaut who rides a horse", "a sleeping cat"),
]


def blocks(language: str) -> str:
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", DATA, re.DOTALL | re.MULTILINE))


def test_the_commands_of_the_section_on_data_work_in_their_order(
    ask: Ask, own_place: Path, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shots = [Shot(f"{i}.png", text, size=(512, 16)) for i, text in enumerate(PROMPTS)]
    write_table(own_place / "diffusiondb", shots)
    write_zip(own_place / "diffusiondb", shots)
    for line in filter(None, blocks("sh").splitlines()):
        _, *words = shlex.split(line)
        brief = ("--steps", "1", "--model", tiny) if words[1] == "make" else ()
        answer = ask([*words, *brief])
        assert (answer.code, answer.err) == (0, ""), line
    assert len(read(own_place / "imported").part("train")) >= 1
    exec(compile(blocks("python"), GUIDE.name, "exec"), {})
    assert all("glasses" in each for each in read(own_place / "made").part("test").prompts)
