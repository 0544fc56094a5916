"""The demo on the command line: one folder with the whole round trip."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from lookalike.core.pictures import read_recipe
from tests.cli.conftest import Ask


def test_the_round_trip_fills_one_folder_and_can_be_run_again(
    ask: Ask, tiny: str, picture: str
) -> None:
    line = ["demo", picture, "--model", tiny, "--steps", "2", "--out", "shown"]
    answer = ask(line)
    assert answer.code == 0, answer.err
    assert "shown/sheet.png" in answer.out
    stages = ("model", "prompts", "variations", "best prompt", "edit", "no prompt", "closeness")
    assert re.search("seconds: " + ", ".join(rf"{stage} \d+\.\d" for stage in stages), answer.out)
    names = {path.name for path in Path("shown").iterdir()}
    assert {"sheet.png", "reference.png", "embedding.safetensors", "demo.json"} <= names
    assert {f"vary-00{number}.png" for number in range(1, 5)} <= names
    kept = json.loads(Path("shown/demo.json").read_text())
    assert len(kept["descriptions"]) == 4
    assert set(kept["closeness"]) == {"variations", "best prompt", "edit", "no prompt"}
    assert all(-1 <= each["likeness"] <= 1 for each in kept["closeness"].values())
    # The example of the seed is the same each time, so the second sheet is the first.
    with Image.open("shown/sheet.png") as page:
        first = page.tobytes()
    assert ask(line).code == 0
    with Image.open("shown/sheet.png") as page:
        assert page.tobytes() == first


def test_a_folder_of_other_files_is_left_alone(ask: Ask, picture: str, own_place: Path) -> None:
    answer = ask(["demo", picture, "--out", "."])
    assert answer.code == 2
    assert "other files" in answer.err
    assert [path.name for path in own_place.iterdir()] == [picture]


@pytest.mark.slow
def test_the_example_of_mini_comes_back(ask: Ask) -> None:
    answer = ask(["demo", "--steps", "8"])
    assert answer.code == 0, answer.err
    closeness = json.loads(Path("demo/demo.json").read_text())["closeness"]
    for figure in ("likeness", "attributes"):
        assert closeness["variations"][figure] > closeness["no prompt"][figure]
        assert closeness["best prompt"][figure] > closeness["no prompt"][figure]
    assert read_recipe("demo/vary-001.png").model == "mini"
    assert ask(["again", "demo/vary-001.png"]).err == ""
