"""What the page "From Midjourney" tells to type works, and its pictures are made by that."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.pictures import IMAGES, PAGE, Scene, commands_of, row, scenes
from tests.cli.conftest import Ask

TEXT = PAGE.read_text("utf-8")
SCENES = scenes(TEXT)
DONE = [scene for scene in SCENES if not scene.waits]
FIRST = DONE[0].commands[0]
"""The command whose pictures others work on."""
MOST_BYTES = 1_000_000
BRIEF = {"pick": (), "world": ("--count", "1")}


def brief(command: str, model: str) -> list[str]:
    """As written, but on a small random model, with one step."""
    _, *words = shlex.split(command)
    return [*words, *BRIEF.get(words[0], ("--steps", "1", "--model", model))]


def unlike(commands: Iterable[str]) -> list[str]:
    """Of commands that differ in numbers alone, the last."""
    return list({re.sub(r"\d+", "0", command): command for command in commands}.values())


def draw(commands: Iterable[str]) -> None:
    """Pictures by the names that commands have for yours."""
    for name in re.findall(r"pictures/[\w-]+\.png", " ".join(commands)):
        Path(name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (64, 64), "orange").save(name)


@pytest.mark.parametrize("scene", DONE, ids=lambda scene: scene.name or "drawings")
def test_a_command_of_the_page_works(ask: Ask, tiny: str, scene: Scene) -> None:
    draw(scene.commands)
    known = (FIRST,) if any("hero/" in command for command in scene.commands) else ()
    for command in (*known, *unlike(scene.commands)):
        answer = ask(brief(command, tiny))
        assert (answer.code, answer.err) == (0, ""), command


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
