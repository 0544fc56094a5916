"""Describers compared on the command line, over a data set made beforehand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from lookalike.cli import describers
from lookalike.reverse.manifest import Manifest, manifest_of, write
from tests.cli.conftest import Ask

PROMPTS = {
    "train": ["a red cat", "a blue dog", "a bird"],
    "test": ["a red dog", "a red dog", "a blue bird"],
}


@pytest.fixture
def data(own_place: Path) -> str:
    """Six plain pictures in two parts; two of the test part have one and the same prompt."""
    rows = []
    for part, prompts in PROMPTS.items():
        for number, prompt in enumerate(prompts):
            name = f"{part}-{number}.png"
            picture = Image.new("RGB", (32, 32), (90 * number, 40, 120))
            (own_place / "data").mkdir(exist_ok=True)
            picture.save(own_place / "data" / name)
            row = {"picture": name, "prompt": prompt, "seed": number, "steps": 1, "guidance": 1.0}
            rows.append({**row, "sampler": "", "width": 32, "height": 32, "split": part})
    write(manifest_of(own_place / "data", rows))
    return "data"


@pytest.fixture
def brief(tiny: str, own_place: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Options that make it quick, and methods with a small bank: the common one is long."""
    from lookalike.evaluate import describing

    bank = own_place / "bank.txt"
    bank.write_text("# frame\na photo\n# pets\na cat\na dog\n")
    quick = ("phrases", {"phrases": 1, "bank": str(bank)})
    names = ("phrases", "plain", "interrogator-best", "interrogator-fast")
    monkeypatch.setattr(describing, "METHODS", dict.fromkeys(names, quick))
    return ["--model", tiny, "--steps", "1", "--guidance", "1", "--seeds", "1"]


def test_methods_are_compared_over_pictures_of_different_prompts(
    ask: Ask, data: str, brief: list[str]
) -> None:
    given = ["evaluate", "describers", data, "--methods", "phrases, plain", *brief]
    answer = ask([*given, "--json"])
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert (found["pictures"], found["words"]) == (2, 5)
    assert [row["method"] for row in found["rows"]] == ["phrases", "plain"]
    assert found["rows"][1]["against"]["clip_i"]["mean"] == 0.0
    shown = ask(given).out.splitlines()
    assert shown[0].split()[0] == "describer"
    assert [line.split()[0] for line in shown[1:3]] == ["phrases", "plain"]
    assert shown[-1] == "2 pictures, a vocabulary of 5 words"


def test_a_vocabulary_of_ones_own_is_read(ask: Ask, data: str, brief: list[str]) -> None:
    Path("words.json").write_text('["red", "dog"]')
    given = ["evaluate", "describers", data, "--methods", "plain", *brief]
    answer = ask([*given, "--words", "words.json", "--count", "1", "--json"])
    found = json.loads(answer.out)
    assert (found["pictures"], found["words"]) == (1, 2)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--methods", "phrase"], "did you mean phrases?"),
        (["--words", "nowhere.json"], "there is no vocabulary at nowhere.json"),
        (["--words", "list.json"], "should hold a list of words"),
        (["--part", "validation"], "has no rows of the part validation"),
        (["--count", "0"], "count"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(
    ask: Ask, data: str, brief: list[str], given: list[str], says: str
) -> None:
    Path("list.json").write_text('{"red": 1}')
    answer = ask(["evaluate", "describers", data, *brief, *given])
    assert answer.code == 2
    assert says in answer.err
    assert answer.out == ""


def test_pictures_are_the_first_of_their_prompts(data: str) -> None:
    from lookalike.reverse.manifest import read

    chosen: Manifest = describers._different(read(Path(data)).part("test"), 9)
    assert chosen.column("picture") == ["test-0.png", "test-2.png"]
