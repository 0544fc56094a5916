"""More around a picture: what is kept keeps its pixels, and only what is new may change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from PIL import Image

from lookalike.core import framing
from lookalike.core.errors import OptionError
from lookalike.core.framing import DIRECTIONS, Direction, panned, zoomed_out

sides = st.integers(2, 20)


def drawn(width: int, height: int) -> Image.Image:
    values = np.random.default_rng(width * 31 + height).integers(0, 256, (height, width, 3))
    return Image.fromarray(values.astype(np.uint8))


def kept(picture: Image.Image, mask: Image.Image) -> Image.Image:
    """The rectangle of a frame that may not change."""
    rows, columns = np.where(np.asarray(mask) == 0)
    box = int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
    assert (np.asarray(mask.crop(box)) == 0).all()
    assert set(np.unique(np.asarray(mask))) == {0, 255}
    return picture.crop(box)


@effort(max_examples=40, deadline=None)
@given(sides, sides, st.floats(1.6, 4))
def test_a_zoom_keeps_the_size_and_the_smaller_picture(
    width: int, height: int, factor: float
) -> None:
    picture = drawn(width, height)
    frame, mask = zoomed_out(picture, factor)
    assert frame.size == mask.size == picture.size
    small = max(1, round(width / factor)), max(1, round(height / factor))
    fitted = picture.resize(small, Image.Resampling.LANCZOS)
    assert kept(frame, mask).tobytes() == fitted.tobytes()


@effort(max_examples=40, deadline=None)
@given(sides, sides, st.sampled_from(DIRECTIONS), st.floats(0.01, 1))
def test_a_pan_grows_one_side_and_keeps_every_pixel(
    width: int, height: int, direction: Direction, share: float
) -> None:
    picture = drawn(width, height)
    frame, mask = panned(picture, direction, share)
    sideways = direction in ("left", "right")
    more = max(1, round((width if sideways else height) * share))
    assert frame.size == (width + more * sideways, height + more * (not sideways))
    assert kept(frame, mask).tobytes() == picture.tobytes()
    corner = (0, 0) if direction in ("right", "down") else (frame.width - 1, frame.height - 1)
    assert mask.getpixel(corner) == 0


def test_the_edges_go_on_into_what_is_new() -> None:
    picture = drawn(6, 4)
    frame, _ = panned(picture, "up", 0.5)
    assert frame.crop((0, 0, 6, 1)).tobytes() == picture.crop((0, 0, 6, 1)).tobytes()


@pytest.mark.parametrize("factor", [1.0, 0.5, 4.1, -2.0, float("nan"), float("inf")])
def test_a_zoom_out_of_bounds_is_refused(factor: float) -> None:
    with pytest.raises(OptionError, match=r"is not above 1 and at most 4"):
        zoomed_out(drawn(8, 8), factor)


def test_a_zoom_that_leaves_nothing_to_fill_is_refused() -> None:
    with pytest.raises(OptionError, match="nothing to fill around 8 x 8 pixels"):
        zoomed_out(drawn(8, 8), 1.01)


@pytest.mark.parametrize("share", [0.0, -0.5, 1.01, float("nan")])
def test_a_share_out_of_bounds_is_refused(share: float) -> None:
    with pytest.raises(OptionError, match="is not above 0 and at most 1"):
        panned(drawn(8, 8), "left", share)


def test_a_frame_that_the_door_would_refuse_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_PIXELS", 100)
    with pytest.raises(OptionError, match=r"8 x 8 pixels cannot grow by 0\.6"):
        panned(drawn(8, 8), "down", 0.6)
