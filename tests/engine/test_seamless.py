"""Pictures that repeat: no seam where the edges meet, and no trace left in the model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import text_plan
from lookalike.engine.run import run
from lookalike.engine.seamless import seamless
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import tiny_backbone


def paddings(backbone: LatentDiffusion) -> list[str]:
    modules = [*backbone.unet.modules(), *backbone.vae.modules()]
    return [m.padding_mode for m in modules if isinstance(m, nn.Conv2d)]


def test_a_shifted_picture_is_the_shift_of_the_picture() -> None:
    backbone, told = tiny_backbone(), tiny_backbone().unconditional()
    x = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    level, by = torch.tensor(500), (8, -8)
    with torch.no_grad(), seamless(backbone):
        shifted = backbone.denoise(x.roll(by, (2, 3)), level, told)
        there = backbone.denoise(x, level, told).roll(by, (2, 3))
    torch.testing.assert_close(shifted, there, atol=1e-4, rtol=1e-4)
    with torch.no_grad():
        plain = backbone.denoise(x.roll(by, (2, 3)), level, told)
    assert not torch.allclose(plain, there, atol=1e-2)


def test_a_run_that_tiles_makes_other_pictures_and_leaves_no_trace() -> None:
    backbone = tiny_backbone()
    before = paddings(backbone)
    plain, tiled = (
        run(backbone, text_plan(backbone, Prompt.of("a wall", settings=each), [1]))[0]
        for each in (Settings(steps=2), Settings(steps=2, tile=True))
    )
    assert paddings(backbone) == before
    assert np.abs(np.asarray(plain, int) - np.asarray(tiled, int)).max() > 0


def test_nothing_stays_changed_when_a_block_fails() -> None:
    backbone = tiny_backbone()
    before = paddings(backbone)
    with pytest.raises(ZeroDivisionError), seamless(backbone):  # noqa: PT012
        assert "circular" in paddings(backbone)
        raise ZeroDivisionError
    assert paddings(backbone) == before
