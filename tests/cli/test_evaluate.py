"""The benchmark on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ask
from tests.evaluate.folders import dreambench

FEW = ["--count", "2", "--steps", "2", "--others", "4", "--edits", "1"]


@pytest.mark.slow
def test_the_round_trip_has_a_floor_a_ceiling_and_what_lies_between(ask: Ask) -> None:
    answer = ask(["evaluate", "round-trip", "--json", "--count", "4", "--steps", "4"])
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    names = [row["name"] for row in found["rows"]]
    assert {"ceiling", "closed-form", "description", "floor"} <= set(names)
    means = {row["name"]: row["mean"] for row in found["rows"]}
    assert found["halfway"] == pytest.approx((means["floor"] + means["ceiling"]) / 2)
    assert 0 <= found["description_f1"] <= 1


def test_the_two_ways_for_the_layer_before_the_last_are_compared(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.evaluate.penultimate.TEXTS", 20)
    answer = ask(["evaluate", "penultimate", "--count", "4", "--json"])
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert set(found) == {"inverse", "regression", "ceiling"}
    assert all(-1 <= value <= 1 for value in found.values())
    assert "cosine" in ask(["evaluate", "penultimate", "--count", "4"]).out


@pytest.mark.slow
def test_converters_are_compared_in_tables_and_files(ask: Ask, tiny: str, own_place: Path) -> None:
    files = ["--csv", "figures.csv", "--plot", "plots", "--out", "kept"]
    rest = ["--domain", "character", "--model", tiny, "--others", "8"]
    rest += [word for row in ("ceiling", "closed-form", "floor") for word in ("--method", row)]
    answer = ask(["evaluate", "converters", *FEW, *rest, *files])
    assert answer.code == 0, answer.err
    head, *lines = answer.out.splitlines()
    assert head.split()[:3] == ["character", "agreement", "identity"]
    assert [line.split()[0] for line in lines[:3]] == ["ceiling", "closed-form", "floor"]
    with (own_place / "figures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["ceiling", "closed-form", "floor"]
    assert float(rows[1]["agreement_low"]) <= float(rows[1]["agreement"])
    names = sorted(path.name for path in (own_place / "plots").iterdir())
    assert names == ["character-pareto.svg", "character-sheet.png"]
    again = ask(["evaluate", "converters", *FEW, *rest, "--out", "kept", "--json"])
    (table,) = json.loads(again.out)["tables"]
    assert table["lines"][1]["figures"]["agreement"]["mean"] == float(rows[1]["agreement"])


def test_a_folder_is_judged_in_one_command_and_what_is_broken_is_named(
    ask: Ask, tiny: str, own_place: Path
) -> None:
    given = ["--folder", dreambench(own_place / "bench"), "--method", "closed-form"]
    answer = ask(["evaluate", "converters", *FEW, "--model", tiny, *given])
    assert answer.code == 0, answer.err
    assert answer.out.startswith("folder ")
    assert "1 skipped" in answer.out
    assert "00.jpg" in answer.out


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--method", "closed-from"], "did you mean closed-form?"),
        (["--domain", "characters"], "did you mean character?"),
        (["--domain", "folder"], "needs --folder"),
        (["--split", "train"], "there is no split train"),
        (["--folder", "nowhere"], "there is no folder nowhere"),
        (["--folder", "."], "lacks annotations/captions_val2017.json"),
        (["--weights", "nowhere"], "there is no folder nowhere"),
        (["--dino", "nowhere"], "there is no folder nowhere"),
        (["--dino", "."], "holds no model"),
        (["--csv", "."], "it is a folder"),
        (["--plot", "square.png"], "it is a file"),
        (["--out", "square.png"], "it is a file"),
        (["--count", "0"], "count"),
        (["--steps", "0"], "steps"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(
    given: list[str], says: str, ask: Ask, tiny: str, picture: str
) -> None:
    answer = ask(["evaluate", "converters", *FEW, "--model", tiny, *given])
    assert answer.code == 2
    assert says in answer.err
    assert answer.out == ""
