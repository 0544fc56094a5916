"""Working on pictures from the command line: tiles, regions, more around, blends, remixes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from lookalike.core.pictures import open_picture, read_recipe
from tests.cli.conftest import Ask
from tests.cli.test_bad_input import refused


@pytest.fixture
def small(tiny: str) -> list[str]:
    """Options that make making quick."""
    return ["--model", tiny, "--steps", "2", "--count", "2", "--seed", "5"]


def pixels(path: str | Path) -> bytes:
    return open_picture(str(path)).tobytes()


@pytest.fixture
def grid(ask: Ask, small: list[str]) -> str:
    """A grid of two pictures, which lie beside it."""
    return ask(["imagine", "a cat", *small]).out.split()[-1]


def test_a_picked_tile_is_the_single_picture_with_its_recipe(ask: Ask, grid: str) -> None:
    picked = ask(["pick", grid, "2"])
    assert (picked.code, picked.out, picked.err) == (0, "lookalike-out/pick-001.png\n", "")
    single, taken = "lookalike-out/imagine-002.png", picked.out.strip()
    assert pixels(taken) == pixels(single)
    assert read_recipe(taken) == read_recipe(single)
    again = ask(["again", taken])
    assert (again.code, again.err) == (0, "")


def test_a_grid_is_made_again_with_all_that_it_shows(ask: Ask, grid: str) -> None:
    again = ask(["again", grid])
    assert (again.code, again.err) == (0, "")
    names = ["again-001.png", "again-002.png", "again-grid-001.png"]
    assert again.out.split() == [f"lookalike-out/{name}" for name in names]
    assert pixels("lookalike-out/again-grid-001.png") == pixels(grid)
    assert pixels("lookalike-out/again-002.png") == pixels("lookalike-out/imagine-002.png")
    assert "a grid of 2 x 1" in ask(["recipe", grid]).out


def test_an_edited_grid_is_told_apart(ask: Ask, grid: str) -> None:
    from lookalike.core.pictures import save_picture

    page = open_picture(grid)
    page.putpixel((0, 0), (1, 2, 3))
    save_picture(page, Path("other.png"), read_recipe(grid))
    assert ask(["again", "other.png"]).err.startswith("lookalike: some pixels differ")


def test_a_tile_stands_for_its_picture_wherever_one_is_wanted(
    ask: Ask, grid: str, small: list[str], tiny: str
) -> None:
    tile = f"{grid}#2"
    made = ask(["vary", tile, *small])
    assert made.code == 0, made.err
    single = ask(["vary", "lookalike-out/imagine-002.png", *small])
    assert pixels(made.out.split()[-1]) == pixels(single.out.split()[-1])
    assert list(read_recipe(made.out.split()[0]).references) == [tile]
    anew = ask(["again", made.out.split()[0]])
    assert (anew.code, anew.err) == (0, "")
    assert json.loads(ask(["recipe", tile, "--json"]).out)["index"] == 1
    assert ask(["describe", tile, "--phrases", "1", "--model", tiny]).code == 0


def test_a_grid_that_changed_is_no_longer_its_tiles_source(
    ask: Ask, grid: str, small: list[str]
) -> None:
    made = ask(["vary", f"{grid}#2", *small]).out.split()[0]
    Image.new("RGB", (64, 32), "red").save(grid)
    refused(ask(["again", made]), "changed")


@pytest.mark.parametrize("number", ["0", "3", "99"])
def test_a_tile_that_is_not_there_is_refused(ask: Ask, grid: str, number: str) -> None:
    refused(ask(["pick", grid, number]), f"no tile {number}", "1 to 2")
    refused(ask(["vary", f"{grid}#{number}"]), f"no tile {number}", "1 to 2")


def test_tiles_of_what_is_no_grid_are_refused(ask: Ask, grid: str, picture: str) -> None:
    refused(ask(["pick", "lookalike-out/imagine-001.png", "1"]), "not a grid")
    refused(ask(["pick", picture, "1"]), picture, "no recipe")
    refused(ask(["pick", "missing.png", "1"]), "missing.png")
    refused(ask(["pick", grid, "--", "-1"]), "no tile -1")
    refused(ask(["pick", grid, "two"]), "TILE")
