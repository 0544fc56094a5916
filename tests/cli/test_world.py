"""The world on the command line: a sheet to look at, and data sets to train on."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from tests.cli.conftest import Ask


def test_a_sheet_is_drawn(ask: Ask) -> None:
    assert ask(["world", "sheet", "--count", "3"]).out == "lookalike-out/sheet-001.png\n"
    assert ask(["world", "sheet", "--count", "3", "--split", "train"]).code == 0
    pages = sorted(Path("lookalike-out").glob("*.png"))
    assert len(pages) == 2
    assert pages[0].read_bytes() != pages[1].read_bytes()


def test_a_data_set_has_a_manifest_that_says_what_each_picture_shows(ask: Ask) -> None:
    answer = ask(["world", "make", "--count", "5", "--out", "data", "--pixels", "32"])
    assert (answer.code, answer.out) == (0, "data\n")
    rows = json.loads(Path("data/manifest.json").read_text())["rows"]
    pictures = sorted(path.name for path in Path("data").glob("*.png"))
    assert sorted(row["picture"] for row in rows) == pictures
    assert len(pictures) == 5
    assert all(row["style"] in row["caption"] for row in rows)
    with Image.open(Path("data") / pictures[0]) as picture:
        assert picture.size == (32, 32)


def test_a_folder_that_holds_something_is_left_alone(ask: Ask, picture: str) -> None:
    answer = ask(["world", "make", "--count", "2", "--out", "."])
    assert answer.code == 2
    assert [path.name for path in Path().iterdir()] == [picture]


def test_one_style_alone_is_drawn_of_the_world_or_foreign(ask: Ask) -> None:
    for style in ("micah", "dylan"):
        made = ask(["world", "make", "--count", "3", "--style", style, "--out", style])
        assert (made.code, made.err) == (0, "")
        rows = json.loads((Path(style) / "manifest.json").read_text())["rows"]
        assert [row["style"] for row in rows] == [style] * 3


def test_an_unknown_style_is_refused_with_the_nearest(ask: Ask) -> None:
    answer = ask(["world", "make", "--count", "3", "--style", "dylam", "--out", "data"])
    assert (answer.code, answer.out) == (2, "")
    assert "did you mean dylan?" in answer.err
    assert not Path("data").exists()
