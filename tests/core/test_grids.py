"""A grid shows every picture of a run whole, and gives each back pixel by pixel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from PIL import Image

from lookalike.core.errors import PictureError, RecipeError
from lookalike.core.grids import grid, layout, numbered, tile
from lookalike.core.pictures import open_picture, open_tile, read_recipe, save_picture
from lookalike.core.plan import Result
from lookalike.core.records import Prompt, Recipe


def noise(seed: int, width: int, height: int) -> Image.Image:
    return Image.frombytes(
        "RGB", (width, height), bytes((seed * 7 + i * 31) % 256 for i in range(width * height * 3))
    )


def result(count: int, size: tuple[int, int] = (6, 4)) -> Result:
    recipe = Recipe(
        made_by="imagine",
        version="0.1.0",
        prompt=Prompt.of("a cat"),
        model="mini",
        model_sha256="0" * 64,
        seeds=tuple(range(count)),
    )
    return Result([noise(seed, *size) for seed in range(count)], recipe)


@pytest.mark.parametrize(
    ("count", "tiles"),
    [(1, (1, 1)), (2, (2, 1)), (3, (2, 2)), (4, (2, 2)), (5, (3, 2)), (7, (3, 3)), (64, (8, 8))],
)
def test_a_grid_is_as_near_to_a_square_as_can_be(count: int, tiles: tuple[int, int]) -> None:
    assert layout(count) == tiles


@effort(max_examples=25, deadline=None)
@given(st.integers(1, 17), st.integers(1, 9), st.integers(1, 9))
def test_every_tile_is_its_picture_and_the_rest_is_white(count: int, wide: int, high: int) -> None:
    pictures = [noise(seed, wide, high) for seed in range(count)]
    page, tiles = grid(pictures), layout(count)
    for index in range(tiles[0] * tiles[1]):
        found = tile(page, tiles, index, "grid")
        expected = pictures[index] if index < count else Image.new("RGB", (wide, high), "white")
        assert found.tobytes() == expected.tobytes()


def test_a_saved_grid_gives_each_picture_with_its_own_recipe(tmp_path: Path) -> None:
    made = result(3)
    singles, path = made.save(tmp_path), made.save_grid(tmp_path)
    assert path.name == "imagine-grid-001.png"
    assert read_recipe(path).tiles == (2, 2)
    for number, single in enumerate(singles, 1):
        name = f"{path}#{number}"
        assert open_picture(name).tobytes() == open_picture(single).tobytes()
        assert read_recipe(name) == read_recipe(single)


def test_one_picture_or_too_many_pixels_make_no_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    from lookalike.core import plan

    assert result(2).has_grid
    assert not result(1).has_grid
    monkeypatch.setattr(plan, "MAX_PIXELS", 6 * 4 * 4 - 1)
    assert not result(3).has_grid


@pytest.mark.parametrize("number", [0, -1, 4, 99])
def test_a_tile_beyond_the_grid_is_refused_with_those_that_are_there(
    tmp_path: Path, number: int
) -> None:
    path = result(3).save_grid(tmp_path)
    for name, take in ((str(path), number), (f"{path}#{number}", None)):
        with pytest.raises(PictureError, match=f"has no tile {number}: its tiles are 1 to 3"):
            open_picture(name) if take is None else open_tile(name, take)
    with pytest.raises(RecipeError, match="no tile"):
        read_recipe(f"{path}#{number}")


def test_a_picture_that_is_no_grid_has_no_tiles(tmp_path: Path) -> None:
    [single] = result(1).save(tmp_path)
    with pytest.raises(PictureError, match="a single picture, not a grid"):
        open_picture(f"{single}#1")
    save_picture(noise(0, 4, 4), tmp_path / "plain.png")
    with pytest.raises(PictureError, match=r"plain\.png has no tiles to take"):
        open_tile(str(tmp_path / "plain.png"), 1)


def test_a_grid_that_was_cropped_is_refused_with_its_size(tmp_path: Path) -> None:
    path = result(4).save_grid(tmp_path)
    page, recipe = open_picture(path), read_recipe(path)
    save_picture(page.crop((0, 0, 11, 8)), tmp_path / "cropped.png", recipe)
    with pytest.raises(PictureError, match="11 x 8 pixels do not hold 2 x 2 equal tiles"):
        open_picture(f"{tmp_path / 'cropped.png'}#1")


def test_a_file_of_that_very_name_is_meant_first(tmp_path: Path) -> None:
    path = result(4).save_grid(tmp_path)
    assert numbered(f"{path}#2") == (str(path), 2)
    own = Path(f"{path}#2")
    save_picture(noise(9, 3, 3), own)
    assert numbered(os.fspath(own)) is None
    assert open_picture(own).size == (3, 3)


@pytest.mark.parametrize("name", ["none.png#1", "#1", "grid.png#", "grid.png#one", "a\0b#1"])
def test_what_names_no_tile_is_a_plain_name(tmp_path: Path, name: str) -> None:
    assert numbered(name) is None
    with pytest.raises(PictureError):
        open_picture(name)
