"""What learns by denoising may do so at another size than the model's own."""

from __future__ import annotations

import pytest
import torch

from lookalike.convert import converters
from lookalike.convert.learning.task import LearningTask
from lookalike.core.errors import OptionError
from lookalike.models.latent import LatentDiffusion
from tests.convert.learning import PICTURES, forget, short
from tests.engine.tiny import backbone, one_thread, own_cache

__all__ = ["backbone", "one_thread", "own_cache"]

FEW = {"steps": 1, "batch": 1}


def test_pictures_are_learnt_at_the_size_that_is_named(backbone: LatentDiffusion) -> None:
    own = LearningTask(backbone, PICTURES, short())
    half = LearningTask(backbone, PICTURES, short(resolution=backbone.pixels // 2))
    assert own.latents.shape[-1] == backbone.latent[-1]
    assert half.latents.shape[-1] == backbone.latent[-1] // 2
    named = LearningTask(backbone, PICTURES, short(resolution=backbone.pixels))
    assert torch.equal(named.latents, own.latents)
    assert float(half.loss(0)[0].detach()) > 0


@pytest.mark.parametrize("by", ["online", "dreambooth", "textual-inversion"])
def test_what_is_learnt_depends_on_the_size_and_reads_the_same(
    backbone: LatentDiffusion, by: str
) -> None:
    found = []
    for side in (None, backbone.pixels // 2):
        forget()
        made = converters.make(by, {**FEW, "resolution": side})
        found.append(made.convert(backbone, PICTURES[:1]))
    own, half = found
    assert own.tokens.shape == half.tokens.shape
    learnt = [
        [each.tokens, *(each.adjustment.additions.values() if each.adjustment else ())]
        for each in found
    ]
    assert any(not torch.equal(one, other) for one, other in zip(*learnt, strict=True))


def test_a_size_that_the_model_cannot_bear_is_refused(backbone: LatentDiffusion) -> None:
    made = converters.make("online", {**FEW, "resolution": backbone.pixels + 1})
    with pytest.raises(OptionError, match="wants multiples of"):
        made.convert(backbone, PICTURES[:1])
