"""A picture seen in tiles has the distances and the gradient of the picture seen whole."""

from __future__ import annotations

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.models.vgg import Vgg
from lookalike.restyle.objective import Aim, Objective
from lookalike.restyle.options import Restyle, options_of
from lookalike.restyle.tiles import tiles

EXACT = 1e-5
"""Of the largest gradient: sums in another order differ in float32's last bits."""


def picture(seed: int, height: int, width: int) -> Float[Tensor, "1 3 h w"]:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("loss", ["w2", "gram"])
@pytest.mark.parametrize(("height", "width"), [(230, 150), (129, 64)])
def test_tiles_change_nothing(vgg: Vgg, loss: str, height: int, width: int) -> None:
    content, style = picture(1, height, width), picture(2, 150, 170)
    x, aims = picture(3, height, width), [Aim(style, 1)]
    values = [
        Objective(vgg, options_of("best", {"loss": loss, "tile": tile}), content, aims).at(x)
        for tile in (None, 64)
    ]
    whole, tiled = values
    # Distances are of features of energy 1, in float32.
    assert tiled.content == pytest.approx(whole.content, rel=1e-4, abs=1e-6)
    assert tiled.style == pytest.approx(whole.style, rel=1e-4, abs=1e-6)
    apart = (tiled.gradient - whole.gradient).abs().max() / whole.gradient.abs().max()
    assert float(apart) < EXACT


def test_tiles_change_nothing_of_regions(vgg: Vgg) -> None:
    content, styles, x = (
        picture(1, 200, 90),
        [picture(2, 80, 80), picture(4, 90, 70)],
        picture(3, 200, 90),
    )
    mask = torch.zeros(1, 1, 200, 90)
    mask[..., :110, :] = 1
    aims = [Aim(style, 0.5, number) for number, style in enumerate(styles)]
    whole, tiled = (
        Objective(vgg, Restyle(tile=tile), content, aims, [mask, 1 - mask]).at(x)
        for tile in (None, 64)
    )
    apart = (tiled.gradient - whole.gradient).abs().max() / whole.gradient.abs().max()
    assert float(apart) < EXACT


@pytest.mark.parametrize("side", [64, 100, 512])
@pytest.mark.parametrize("length", [32, 65, 200, 333])
def test_every_pixel_is_in_one_tile_alone(length: int, side: int) -> None:
    counts = torch.zeros(length, 40)
    for tile in tiles(length, 40, side, 80):
        (top, bottom), (left, right) = tile.own
        counts[top:bottom, left:right] += 1
    assert bool((counts == 1).all())


def test_a_tile_is_shown_no_more_than_its_side_and_what_it_looks_at() -> None:
    for tile in tiles(2000, 1000, 256, 80):
        (top, bottom), (left, right) = tile.seen
        assert max(bottom - top, right - left) <= 256 + 2 * 80
