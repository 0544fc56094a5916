"""The pictures of the page "From Midjourney" were made by the commands that it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.pictures import IMAGES, PAGE, Scene, characters, commands_of, row, scenes

TEXT = PAGE.read_text("utf-8")
SCENES = scenes(TEXT)
DONE = [scene for scene in SCENES if not scene.waits]
MOST_BYTES = 1_000_000


@pytest.mark.parametrize("scene", [s for s in DONE if s.name], ids=lambda scene: scene.name)
def test_a_picture_was_made_by_the_commands_above_it(scene: Scene) -> None:
    assert commands_of(IMAGES / f"{scene.name}.png") == scene.commands


def test_the_page_shows_every_picture_once_and_they_are_small() -> None:
    shown = re.findall(r"\]\(\.\./images/([a-z-]+)\.png\)", PAGE.read_text("utf-8"))
    assert sorted(shown) == sorted(s.name for s in DONE if s.name)
    files = [IMAGES / f"{name}.png" for name in shown]
    assert sum(f.stat().st_size for f in files) < MOST_BYTES


def test_a_picture_between_comment_marks_waits() -> None:
    block = "```sh\nlookalike imagine x\n```\n\n{}![A](../images/a.png){}\n"
    assert [scene.waits for scene in scenes(block.format("", ""))] == [False]
    assert [scene.waits for scene in scenes(block.format("<!-- ", " -->"))] == [True]


def test_a_row_shows_what_was_given_beside_what_was_made(own_place: Path) -> None:
    a, b, c = (own_place / f"{name}.png" for name in "abc")
    for path, colour in ((a, "red"), (b, "green"), (c, "blue")):
        Image.new("RGB", (8, 8), colour).save(path)
    shown = row("lookalike blend a.png a.png", ["b.png", "c.png"])
    colours = [shown.getpixel((x, 0)) for x in (0, 12, 24, 33, 36)]
    red, white, green, blue = (255, 0, 0), (255, 255, 255), (0, 128, 0), (0, 0, 255)
    assert colours == [red, white, green, white, blue]


def test_every_anchor_of_the_table_is_a_heading() -> None:
    headings = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    linked = set(re.findall(r"\]\(#([a-z-]+)\)", TEXT))
    assert linked <= anchors
    assert len(linked) >= 10


def test_the_picture_of_characters_was_made_by_its_commands() -> None:
    scene = characters()
    assert commands_of(IMAGES / "characters.png") == scene.commands
    with Image.open(IMAGES / "characters.png") as shown:
        assert shown.height > shown.width * 0.9  # six rows of a portrait and five contexts
