"""A region is what was named and no more: its edge is soft on the inside, black stays black."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from PIL import Image

from lookalike.core.errors import LookalikeError, OptionError, PictureError
from lookalike.core.regions import Canvas, feathered, mask_of, rectangle, usual_feather


def levels(mask: Image.Image) -> np.ndarray:
    return np.asarray(mask, dtype=np.int64)


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("2,1,3,4", (2, 1, 5, 5)),
        (" 10% , 20%,50%,50%", (1, 4, 6, 14)),
        ("0,50%,100%,10", (0, 10, 10, 20)),
        ("0.4,1.6,9,1", (0, 2, 9, 3)),
    ],
)
def test_a_rectangle_is_white_where_it_was_named(text: str, box: tuple[int, int, int, int]) -> None:
    wanted = np.zeros((20, 10))
    wanted[box[1] : box[3], box[0] : box[2]] = 255
    assert (levels(rectangle(text, (10, 20))) == wanted).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2,3", "x,y,width,height"),
        ("a,b,c,d", "not a,b,c,d"),
        ("-1,0,2,2", "x,y,width,height"),
        ("nan,0,2,2", "x,y,width,height"),
        ("", "x,y,width,height"),
        ("1,1,0,5", "is empty"),
        ("1,1,1%,5", "is empty"),
        ("8,0,3,3", "outside the picture of 10 x 20 pixels"),
        ("0,0,10,21", "outside"),
        ("60%,0,50%,5", "outside"),
        ("0,0,100%,100%", "the whole picture"),
    ],
)
def test_a_region_that_cannot_be_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said) as refused:
        rectangle(text, (10, 20))
    assert "\n" not in str(refused.value)


@effort(max_examples=200, deadline=None)
@given(st.text("0123456789.,%- ", max_size=24), st.integers(1, 30), st.integers(1, 30))
def test_no_text_is_a_region_outside_its_picture(text: str, width: int, height: int) -> None:
    try:
        mask = rectangle(text, (width, height))
    except LookalikeError:
        return
    assert mask.size == (width, height)
    assert set(np.unique(levels(mask))) == {0, 255}


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        (Image.new("L", (10, 10), 255), "10 x 10 pixels, and the picture 10 x 20"),
        (Image.new("RGB", (20, 40), "white"), "20 x 40"),
        (Image.new("RGB", (10, 20), "black"), "all black: nothing may change"),
        (Image.new("RGB", (10, 20), "white"), "all white: everything may change"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(drawn: Image.Image, said: str) -> None:
    with pytest.raises(PictureError, match=f"m.png .*{said}"):
        mask_of(drawn, (10, 20), "m.png")


masks = st.integers(1, 12).flatmap(
    lambda width: st.lists(
        st.lists(st.sampled_from([0, 0, 255, 255, 90]), min_size=width, max_size=width),
        min_size=1,
        max_size=12,
    )
)


@effort(max_examples=150, deadline=None)
@given(masks, st.integers(0, 9))
def test_a_soft_edge_never_leaves_its_mask(rows: list[list[int]], width: int) -> None:
    mask = Image.fromarray(np.array(rows, np.uint8))
    soft, hard = levels(feathered(mask, width)), levels(mask)
    assert (soft <= hard).all()
    assert (soft[hard > 0] > 0).all()
    assert (feathered(mask, 0).tobytes()) == mask.tobytes()


def depth(inside: np.ndarray, row: int, column: int) -> int:
    """Steps from one cell to the nearest outside, counted one by one."""
    out = np.argwhere(~inside)
    return int(np.abs(out - (row, column)).sum(1).min())


@effort(max_examples=40, deadline=None)
@given(masks, st.integers(1, 5))
def test_a_soft_edge_rises_by_the_steps_from_outside(rows: list[list[int]], width: int) -> None:
    inside = np.array(rows) == 255
    if inside.all() or not inside.any():
        return
    soft = levels(feathered(Image.fromarray(np.where(inside, 255, 0).astype(np.uint8)), width))
    steps = np.array(
        [[depth(inside, *at) for at in row] for row in np.moveaxis(np.indices(inside.shape), 0, -1)]
    )
    rise = min(width + 1, steps.max())
    assert np.abs(soft - 255 * np.minimum(steps / rise, 1)).max() <= 0.5
    assert soft.max() == 255


def test_the_usual_edge_grows_with_the_picture() -> None:
    assert [usual_feather((side, 2 * side)) for side in (8, 64, 1024)] == [0, 2, 32]


def test_what_is_laid_into_a_picture_leaves_the_rest_bit_by_bit() -> None:
    drawn = np.random.default_rng(3).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    picture, made = Image.fromarray(drawn), Image.new("RGB", (7, 9), "red")
    mask = feathered(rectangle("5,5,30,20", picture.size), 4)
    found = np.asarray(Canvas(picture, mask).with_part(made))
    assert (found[levels(mask) == 0] == drawn[levels(mask) == 0]).all()
    assert (found[levels(mask) == 255] == (255, 0, 0)).all()
