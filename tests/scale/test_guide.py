"""The guide to batches: its commands and its Python, one after the other."""

from __future__ import annotations

import re
import shlex
from itertools import islice
from pathlib import Path

import pytest

from lookalike.cli.main import run
from lookalike.world.look import looks
from lookalike.world.render import render

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "batch.md"
BLOCKS = re.findall(
    r"^```(sh|python)\n(.*?)^```", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE
)


def test_the_guides_blocks_work_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, look in zip(("hero", "ink"), islice(looks("test"), 2), strict=True):
        render(look).save(f"{name}.png")
    names: dict[str, object] = {}
    for language, text in BLOCKS:
        if language == "python":
            exec(compile(text, GUIDE.name, "exec"), names)
            continue
        for line in text.splitlines():
            if "--on ray" not in line:  # tests/scale/test_on_ray.py runs a cluster
                assert run(shlex.split(line)[1:]) == 0, line
    said = capsys.readouterr().out
    assert "2 ['key', 'vector']" in said
    assert "c gone.png there is no picture at gone.png" in said
