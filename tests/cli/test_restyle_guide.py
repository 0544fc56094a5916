"""What the guide to restyle tells to type works as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from lookalike.models.vgg import Vgg
from tests.cli.conftest import Ask
from tests.restyle.tiny import tiny_vgg

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "restyle.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def pictures(own_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Vgg, "load", lambda path=None: tiny_vgg())
    for name, colour in (("photo.jpg", "red"), ("wave.jpg", "blue"), ("drawing.png", "green")):
        Image.new("RGB", (48, 48), colour).save(own_place / name)
    mask = Image.new("L", (48, 48), 0)
    mask.paste(255, (0, 0, 48, 20))
    mask.save(own_place / "sky.png")


def test_every_command_of_the_guide_works(ask: Ask) -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    for line in lines:
        _, *words = shlex.split(line)
        answer = ask([*words, "--size", "32", "--scales", "1", "--first-steps", "1"])
        assert (answer.code, answer.err) == (0, ""), line
    assert len(lines) == 3


def test_the_python_of_the_guide_works(capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(
        {"features.0.weight": torch.ones(2), "classifier.0.bias": torch.ones(1)},
        "vgg19-dcbb9e9d.pth",
    )
    for code in blocks("python"):
        found: dict[str, Any] = {}
        exec(compile(code, "restyle.md", "exec"), found)
    assert capsys.readouterr().out == "20\n"
    assert list(load_file("vgg19.safetensors")) == ["features.0.weight"]
