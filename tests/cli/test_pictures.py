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


@pytest.fixture
def few(tiny: str) -> list[str]:
    """Options that make making one picture quicker still."""
    return ["--model", tiny, "--steps", "1", "--count", "1"]


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


MADE = {
    "region": ["vary", "square.png", "a cat", "--region", "25%,25%,50%,50%"],
    "bare region": ["vary", "square.png", "--region", "5,5,20,20", "--strength", "subtle"],
    "mask": ["vary", "square.png", "a cat", "--mask", "mask.png", "--feather", "3"],
    "zoom": ["zoom", "square.png", "1.5"],
    "zoom by words": ["zoom", "square.png", "2", "a cat"],
    "pan": ["pan", "square.png", "left", "--by", "0.25"],
    "blend": ["blend", "square.png", "other.png", "square.png", "--weights", "2,1,0.5"],
    "remix": ["remix", "square.png", "a dog", "--strength", "0.5"],
}


@pytest.fixture
def mask(picture: str) -> str:
    """A mask for the picture: its lower half may change."""
    made = Image.new("RGB", (40, 40), "black")
    made.paste("white", (0, 20, 40, 40))
    made.save("mask.png")
    return "mask.png"


@pytest.fixture
def other(own_place: Path) -> str:
    """A second picture, of another shape."""
    Image.new("RGB", (60, 30), "#ff0000").save(own_place / "other.png")
    return "other.png"


@pytest.mark.parametrize("way", MADE)
def test_every_work_on_a_picture_is_made_again_bit_for_bit(
    ask: Ask, mask: str, other: str, small: list[str], way: str
) -> None:
    made = ask([*MADE[way], *small])
    assert (made.code, made.err) == (0, "")
    first, second, grid = made.out.split()
    assert [Path(path).name for path in (first, second, grid)] == [
        f"{MADE[way][0]}-{end}.png" for end in ("001", "002", "grid-001")
    ]
    again = ask(["again", second])
    assert (again.code, again.err) == (0, "")
    assert pixels("lookalike-out/again-001.png") == pixels(second) != pixels(first)
    assert pixels(f"{grid}#1") == pixels(first)


def test_pixels_outside_a_mask_and_the_size_stay(
    ask: Ask, picture: str, mask: str, small: list[str]
) -> None:
    made = ask(["vary", picture, "a cat", "--mask", mask, *small]).out.split()
    old, new = open_picture(picture), open_picture(made[0])
    assert new.size == old.size == (40, 40)
    upper, lower = (0, 0, 40, 20), (0, 20, 40, 40)
    assert new.crop(upper).tobytes() == old.crop(upper).tobytes()
    assert new.crop(lower).tobytes() != old.crop(lower).tobytes()
    recipe = read_recipe(made[0])
    roles = {each.source: each.role for each in recipe.prompt.references}
    assert roles == {picture: "image", mask: "region"}
    assert set(recipe.references) == {picture, mask}
    assert recipe.options["feather"] == 1


def test_a_mask_that_changed_is_refused(
    ask: Ask, picture: str, mask: str, small: list[str]
) -> None:
    made = ask(["vary", picture, "a cat", "--mask", mask, *small]).out.split()[0]
    Image.new("RGB", (40, 40), "red").save(mask)
    refused(ask(["again", made]), mask, "changed")


def test_a_zoom_keeps_the_size_and_the_smaller_picture(
    ask: Ask, picture: str, few: list[str]
) -> None:
    made = open_picture(ask(["zoom", picture, "2", *few]).out.split()[0])
    inner = open_picture(picture).resize((20, 20), Image.Resampling.LANCZOS)
    assert made.size == (40, 40)
    assert made.crop((10, 10, 30, 30)).tobytes() == inner.tobytes()


@pytest.mark.parametrize(
    ("direction", "size", "kept"),
    [
        ("left", (60, 40), (20, 0, 60, 40)),
        ("right", (60, 40), (0, 0, 40, 40)),
        ("up", (40, 60), (0, 20, 40, 60)),
        ("down", (40, 60), (0, 0, 40, 40)),
    ],
)
def test_a_pan_grows_to_its_side_and_keeps_every_pixel(
    ask: Ask,
    picture: str,
    few: list[str],
    direction: str,
    size: tuple[int, int],
    kept: tuple[int, int, int, int],
) -> None:
    made = open_picture(ask(["pan", picture, direction, *few]).out.split()[0])
    assert made.size == size
    assert made.crop(kept).tobytes() == open_picture(picture).tobytes()


def test_a_remix_keeps_seed_and_shape_unless_told_otherwise(
    ask: Ask, grid: str, other: str, few: list[str]
) -> None:
    ours = read_recipe(ask(["remix", f"{grid}#2", "a dog", *few]).out.strip())
    assert ours.seeds == (6,)  # the second of a run that began with 5
    assert read_recipe(ask(["remix", grid, "x", *few, "--seed", "9"]).out.strip()).seeds == (9,)
    wide = ask(["remix", other, "a dog", *few]).out.strip()
    assert open_picture(wide).size == (44, 24)
    square = ask(["remix", other, "a dog", *few, "--aspect", "1:1"]).out.strip()
    assert open_picture(square).size == (32, 32)


def test_weights_decide_a_blend(ask: Ask, picture: str, other: str, few: list[str]) -> None:
    ways = [["1,0"], ["0,1"], ["2,1"], ["1,1"]]
    made = [
        pixels(
            ask(["blend", picture, other, "--weights", *way, *few, "--seed", "5"]).out.split()[0]
        )
        for way in ways
    ]
    assert len(set(made)) == len(made)
    assert pixels(ask(["blend", picture, other, *few, "--seed", "5"]).out.split()[0]) == made[-1]


BAD = {
    "words alone": (["vary", "square.png", "a cat"], "--mask or --region"),
    "edge alone": (["vary", "square.png", "--feather", "2"], "--mask or --region"),
    "both": (["vary", "square.png", "--region", "0,0,5,5", "--mask", "mask.png"], "not by both"),
    "aspect": (["vary", "square.png", "--region", "0,0,5,5", "--aspect", "2:1"], "--aspect"),
    "edge": (["vary", "square.png", "--region", "0,0,5,5", "--feather", "-1"], "feather"),
    "far edge": (["vary", "square.png", "--region", "0,0,5,5", "--feather", "9999"], "feather"),
    "odd region": (["vary", "square.png", "--region", "left"], "x,y,width,height"),
    "no region": (["vary", "square.png", "--region", ""], "x,y,width,height"),
    "outside": (["vary", "square.png", "--region", "30,0,20,20"], "40 x 40"),
    "empty": (["vary", "square.png", "--region", "1,1,0,0"], "nothing may change"),
    "whole": (["vary", "square.png", "--region", "0,0,100%,100%"], "without --region"),
    "size": (["vary", "square.png", "--mask", "other.png"], "60 x 30"),
    "black": (["vary", "square.png", "--mask", "black.png"], "nothing may change"),
    "white": (["vary", "square.png", "--mask", "white.png"], "without --mask"),
    "no mask": (["vary", "square.png", "--mask", "missing.png"], "missing.png"),
    "zoom in": (["zoom", "square.png", "0.5"], "above 1 and at most 4"),
    "far zoom": (["zoom", "square.png", "5"], "above 1 and at most 4"),
    "no zoom": (["zoom", "square.png", "1.001"], "nothing to fill"),
    "words for a number": (["zoom", "square.png", "twice"], "FACTOR"),
    "sideways": (["pan", "square.png", "north"], "left"),
    "no share": (["pan", "square.png", "left", "--by", "0"], "above 0 and at most 1"),
    "far share": (["pan", "square.png", "left", "--by", "2"], "above 0 and at most 1"),
    "one": (["blend", "square.png"], "2 to 5 pictures, not 1"),
    "six": (["blend", *["square.png"] * 6], "2 to 5 pictures, not 6"),
    "weights": (["blend", "square.png", "other.png", "--weights", "1"], "1 weights do not fit 2"),
    "letters": (["blend", "square.png", "other.png", "--weights", "a,b"], "weights are numbers"),
    "sum": (["blend", "square.png", "other.png", "--weights=1,-1"], "positive sum"),
    "nan": (["blend", "square.png", "other.png", "--weights", "nan,1"], "positive sum"),
    "no words": (["remix", "square.png", " "], "empty"),
    "no distance": (["remix", "square.png", "x", "--strength", "0"], "above 0 and at most 1"),
    "long way": (["remix", "square.png", "x", "--strength", "1.5"], "above 0 and at most 1"),
}


@pytest.mark.parametrize("way", BAD)
def test_what_cannot_be_made_is_refused_in_one_line(
    ask: Ask, mask: str, other: str, tiny: str, own_place: Path, way: str
) -> None:
    for colour in ("black", "white"):
        Image.new("RGB", (40, 40), colour).save(f"{colour}.png")
    before = sorted(own_place.iterdir())
    arguments, said = BAD[way]
    refused(ask([*arguments, "--model", tiny]), said)
    assert sorted(own_place.iterdir()) == before


def test_a_full_disk_leaves_nothing_half_written(
    ask: Ask, grid: str, few: list[str], own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    before = sorted(own_place.rglob("*"))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused(ask(["pick", grid, "1"]), "no space left")
    refused(ask(["zoom", f"{grid}#1", "2", *few]), "no space left")
    assert sorted(own_place.rglob("*")) == before
