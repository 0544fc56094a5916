"""The command that puts a reader's half back: what it prints, and what it refuses."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import save_file

from lookalike.describe.reversing.readers import White
from lookalike.models.store import Models
from lookalike.reverse.manifest import manifest_of, write
from lookalike.reverse.prompts import world_prompts
from tests.cli.conftest import Ask

NAME = "white + vocabulary + curriculum"


@pytest.fixture
def data(own_place: Path) -> str:
    """A split data set with three prompts in its test part; without pictures."""
    fixed = {"seed": 0, "steps": 2, "guidance": 2.0, "sampler": "ddim", "width": 32, "height": 32}
    rows = [
        {**fixed, "picture": "p.png", "prompt": one.prompt, "truth": one.truth, "split": "test"}
        for one in islice(world_prompts("test", 3), 3)
    ]
    write_to = own_place / "data"
    write_to.mkdir()
    write(manifest_of(write_to, rows))
    return "data"


@pytest.fixture
def run(own_place: Path, tiny: str) -> str:
    """A run's folder with a white-box reader, whose half differs from the model's."""
    with Models("cpu").use(tiny) as backbone:
        weights = White(backbone, 8, 3).state_dict()
    folder = own_place / "run" / "seed-0" / NAME
    folder.mkdir(parents=True)
    save_file({name: 1.1 * each for name, each in weights.items()}, folder / "best.safetensors")
    return "run"


def test_the_whole_curve_is_printed_and_shown(ask: Ask, data: str, run: str, tiny: str) -> None:
    line = ["reverse", "reuse", data, "--run", run, "--model", tiny, "--shares", "1,.5"]
    line += ["--steps", "1", "--seeds", "1", "--count", "2"]
    answer = ask([*line, "--json", "--sheet", "sheet.png"])
    assert (answer.code, answer.err) == (0, "sheet.png\n")
    told = json.loads(answer.out)
    assert (told["reader"], told["prompts"], told["settings"]["steps"]) == (NAME, 2, 1)
    assert told["distance"] == pytest.approx(0.1, rel=1e-4)
    assert [row["share"] for row in told["rows"]] == [0, 0.5, 1]
    with Image.open("sheet.png") as page:
        assert page.width == 2 * (128 + 8) + 8
    table = ask(line).out.splitlines()
    assert "2 prompts, 1 pictures of each; the weights lie 10.0% of their length away" in table[0]
    assert [row.split()[0] for row in table[1:]] == ["share", "0", "0.5", "1"]
    gain = told["rows"][2]["against"]["clip_t"]["mean"]
    assert f"{gain:+.3f} (" in table[4]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shares", "0,2"], "--shares 0,2: should be numbers from 0 to 1"),
        (["--shares", "half"], "--shares half: should be numbers from 0 to 1"),
        (["--seed", "3"], "the reader white was not trained: there is no run/seed-3/white"),
        (["--reader", "clip"], "the reader clip has no half of a U-Net to put back"),
        (["--sheet", "data"], "cannot write data: it exists already"),
    ],
)
def test_what_cannot_be_put_back_is_refused(
    ask: Ask, data: str, run: str, tiny: str, options: list[str], said: str
) -> None:
    answer = ask(["reverse", "reuse", data, "--run", run, "--model", tiny, *options])
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_a_reader_of_another_model_is_refused(ask: Ask, data: str, run: str) -> None:
    answer = ask(["reverse", "reuse", data, "--run", run])
    assert answer.code == 2
    assert "holds no half of the U-Net of mini; name the --model" in answer.err
    assert answer.err.count("\n") == 1
