"""The commands on data sets of prompts: what they print and refuse, and their guide."""

from __future__ import annotations

import json
from functools import cache
from itertools import islice
from pathlib import Path

import pytest

from lookalike.models.sentences import Sentences
from lookalike.reverse.manifest import Manifest, manifest_of, read, write
from lookalike.reverse.prompts import world_prompts
from tests.cli.conftest import Ask
from tests.reverse.published import Shot, shots, write_table, write_zip


@pytest.fixture
def data(own_place: Path) -> Manifest:
    """A manifest of sixty prompts of the world, each asked twice; without pictures."""
    prompts = [one.prompt for one in islice(world_prompts("train", 60), 60) for _ in range(2)]
    rows = [
        {
            "picture": f"pictures/{row}.png",
            "prompt": prompt,
            "seed": row,
            "steps": 25,
            "guidance": 5.0,
            "sampler": "DDIMScheduler",
            "width": 64,
            "height": 64,
        }
        for row, prompt in enumerate(prompts)
    ]
    made = manifest_of(own_place / "data", rows)
    write(made)
    return made


@pytest.fixture(autouse=True)
def one_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loaded once for all tests: a command starts cold, but a test need not."""
    monkeypatch.setattr(Sentences, "find", lambda device: encoder(str(device)))


@cache
def encoder(device: str) -> Sentences:
    return FIND(device=device)


FIND = Sentences.find


def test_a_data_set_is_split_and_what_a_random_split_hides_is_told(
    ask: Ask, data: Manifest
) -> None:
    line = ["reverse", "split", "data", "--clusters", "8", "--test", "0.2"]
    answer = ask([*line, "--json"])
    assert (answer.code, answer.err) == (0, "")
    told = json.loads(answer.out)
    assert told["near"] < told["near_random"] < 1
    rows = {name: len(read(data.folder).part(name)) for name in ("train", "validation", "test")}
    assert {name: each["rows"] for name, each in told["parts"].items()} == rows
    again = ask(line)
    assert f"{told['near']:.3f}; after a random split: {told['near_random']:.3f}" in again.out
    assert again.out.split("\n")[1].split()[:2] == ["train", str(rows["train"])]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--clusters", "600"], "600 clusters need as many distinct prompts"),
        (["--test", "0.95"], "leaves no rows to train on"),
    ],
)
def test_a_split_that_cannot_be_is_refused(
    ask: Ask, data: Manifest, options: list[str], said: str
) -> None:
    answer = ask(["reverse", "split", "data", *options])
    assert answer.code == 2
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_a_folder_without_a_manifest_is_refused(ask: Ask) -> None:
    answer = ask(["reverse", "split", "nowhere"])
    assert (answer.code, answer.out) == (2, "")
    assert "there is no manifest at nowhere/manifest.parquet" in answer.err


def test_a_data_set_is_thinned_and_its_whole_manifest_kept(ask: Ask, data: Manifest) -> None:
    answer = ask(["reverse", "thin", "data"])
    assert (answer.code, answer.err) == (0, "")
    kept = read(data.folder)
    assert 1 <= len(set(kept.prompts)) < len(set(data.prompts))
    counts = f"{len(set(kept.prompts))} of {len(set(data.prompts))} prompts, {len(kept)} of 120"
    assert answer.out == f"kept {counts} rows\n"
    assert read(data.folder / "manifest-whole.parquet").prompts == data.prompts
    assert ask(["reverse", "thin", "data", "--below", "0.7"]).code == 0
    assert read(data.folder / "manifest-whole.parquet").prompts == data.prompts


def test_what_is_imported_and_what_is_left_out_is_told(ask: Ask, own_place: Path) -> None:
    rows = [*shots(1, 3), Shot("x.png", None)]
    write_zip(own_place / "db", rows, pictures={rows[1].name: b"broken"})
    answer = ask(["reverse", "import", "db", "--out", "data"])
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "data/manifest.parquet: 2 rows",
        "left out: 1 no prompt, 1 picture that cannot be read",
    ]
    assert answer.err == f"picture that cannot be read: {rows[1].name} in part-000001.zip\n"
    assert read(own_place / "data").prompts == ["prompt 1 0", "prompt 1 2"]


def test_a_wrong_wish_names_its_option(ask: Ask, own_place: Path) -> None:
    write_table(own_place / "db", shots(1, 1))
    answer = ask(["reverse", "import", "db", "--out", "data", "--language", "English"])
    assert (answer.code, answer.out) == (2, "")
    assert "--language = 'English'" in answer.err
