"""Contact sheets put every picture in its place and keep labels within their tile."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageChops

from lookalike.core.errors import OptionError
from lookalike.core.pictures import sheet

COLOURS = ["#ff0000", "#00ff00", "#0000ff", "#ffff00", "#00ffff"]
TILES = [Image.new("RGB", (10, 10), colour) for colour in COLOURS]


def test_tiles_stand_in_rows_in_the_order_given() -> None:
    page = sheet(TILES, 3, tile=20, gap=4)
    assert page.size == (4 + 3 * 24, 4 + 2 * 24)
    for index, tile in enumerate(TILES):
        middle = (4 + index % 3 * 24 + 10, 4 + index // 3 * 24 + 10)
        assert page.getpixel(middle) == tile.getpixel((0, 0))
    assert page.getpixel((4 + 2 * 24 + 10, 4 + 24 + 10)) == (255, 255, 255)


def test_fewer_tiles_than_columns_make_a_narrower_page() -> None:
    assert sheet(TILES[:2], 8, tile=20, gap=4).width == 4 + 2 * 24


@pytest.mark.parametrize("size", [(40, 20), (20, 40), (1, 500), (500, 1), (3, 3)])
def test_a_tile_keeps_its_proportions_and_its_place(size: tuple[int, int]) -> None:
    page = sheet([Image.new("RGB", size, "#ff0000")], 1, tile=20, gap=4)
    left, top, right, bottom = ImageChops.invert(page).getbbox() or (0, 0, 0, 0)
    scale = 20 / max(size)
    assert (right - left, bottom - top) == tuple(max(1, round(side * scale)) for side in size)
    assert 4 <= left < right <= 24
    assert 4 <= top < bottom <= 24


def test_labels_stand_under_their_tile_and_inside_its_width() -> None:
    labels = ["", "one two three four five six seven", "extraordinarily" * 4]
    white = [Image.new("RGB", (8, 8), "white")] * 3
    page = np.asarray(sheet(white, 3, labels=labels, tile=60, gap=10).convert("L"))
    inked = page < 200
    assert not inked[: 10 + 60].any()
    columns = [slice(10 + 70 * index, 70 + 70 * index) for index in range(3)]
    assert [bool(inked[:, column].any()) for column in columns] == [False, True, True]
    between = np.ones(page.shape[1], dtype=bool)
    for column in columns:
        between[column] = False
    assert not inked[:, between].any()
    assert not inked[-4:].any()


def test_an_endless_label_ends() -> None:
    page = sheet(TILES[:1], 1, labels=["word " * 1000], tile=60)
    assert page.height < 400


@pytest.mark.parametrize(
    ("columns", "tile", "labels"), [(0, 10, None), (1, 0, None), (1, 10, ["a", "b"])]
)
def test_an_impossible_sheet_is_refused(columns: int, tile: int, labels: list[str] | None) -> None:
    with pytest.raises(OptionError):
        sheet(TILES, columns, tile=tile, labels=labels)


def test_a_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(OptionError, match="at least one picture"):
        sheet([], 2)
