"""A plan that is held to a region changes no pixel outside it, whatever the model does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Denoise, Plan
from lookalike.core.records import Prompt, Settings
from lookalike.core.regions import Canvas, feathered, rectangle
from lookalike.engine.plan import text_plan
from lookalike.engine.region import cells, filling
from lookalike.engine.run import run, steps
from lookalike.models.latent import LatentDiffusion
from lookalike.models.store import Models
from tests.engine.tiny import noise_picture
from tests.models.tiny_checkpoints import UNET, make_tiny


def canvas(region: str, size: tuple[int, int] = (32, 32), feather: int = 2) -> Canvas:
    return Canvas(noise_picture(*size, seed=4), feathered(rectangle(region, size), feather))


def plan_of(
    backbone: LatentDiffusion, on: Canvas, *, count: int = 2, strength: float = 1.0
) -> Plan:
    width, height = on.picture.size
    chosen = Settings(steps=count, guidance=3, aspect=f"{width}:{height}")
    return filling(
        backbone, text_plan(backbone, Prompt.of("a cat", settings=chosen), (1, 2)), on, strength
    )


@effort(max_examples=8, deadline=None)
@given(
    st.tuples(st.integers(20, 50), st.integers(20, 50)),
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 10), st.integers(1, 10)),
    st.integers(0, 5),
    st.sampled_from([0.5, 1.0]),
)
def test_outside_a_region_no_pixel_differs(
    backbone: LatentDiffusion,
    size: tuple[int, int],
    box: tuple[int, int, int, int],
    feather: int,
    strength: float,
) -> None:
    on = canvas(",".join(map(str, box)), size, feather)
    old, outside = np.asarray(on.picture), np.asarray(on.mask) == 0
    for made in run(backbone, plan_of(backbone, on, strength=strength)):
        assert made.size == size
        assert (np.asarray(made)[outside] == old[outside]).all()


def test_inside_a_region_the_picture_is_another_and_each_seed_has_its_own(
    backbone: LatentDiffusion,
) -> None:
    on = canvas("25%,25%,50%,50%", feather=0)
    inside = np.asarray(on.mask) == 255
    first, second = (np.asarray(made)[inside] for made in run(backbone, plan_of(backbone, on)))
    old = np.asarray(on.picture)[inside]
    assert (first != old).mean() > 0.5
    assert (first != second).any()


def test_the_latents_outside_are_the_pictures_own_at_the_end(backbone: LatentDiffusion) -> None:
    plan = plan_of(backbone, canvas("0,0,50%,100%"), count=4)
    assert plan.mask is not None
    assert plan.clean is not None
    *_, last = steps(backbone, plan)
    kept = plan.mask.expand_as(last.preview) == 0
    assert torch.equal(last.preview[kept], plan.clean[kept])
    assert not torch.equal(last.preview[~kept], plan.clean[~kept])


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_the_model_sees_what_is_kept_noised_to_each_level(
    backbone: LatentDiffusion, strength: float
) -> None:
    seen: list[tuple[Tensor, int]] = []

    def recorded(denoise: Denoise) -> Denoise:
        def recording(x: Tensor, level: Tensor, told: Embedding) -> Tensor:
            seen.append((x, int(level)))
            return denoise(x, level, told)

        return recording

    plan = plan_of(backbone, canvas("0,0,50%,100%"), count=4, strength=strength)
    list(steps(backbone, replace(plan, wraps=(recorded,))))
    assert plan.mask is not None
    assert plan.clean is not None
    kept = plan.mask.expand_as(plan.start) == 0
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    for x, level in seen:
        alpha = float((1 - betas).cumprod(0)[level])
        noised = alpha**0.5 * plan.clean + (1 - alpha) ** 0.5 * plan.start
        torch.testing.assert_close(x[kept], noised[kept], rtol=1e-3, atol=1e-3)


def test_less_strength_stays_nearer_to_what_was_there(backbone: LatentDiffusion) -> None:
    on = canvas("0,0,50%,100%")
    firsts = [plan_of(backbone, on, count=10, strength=s).first for s in (1.0, 0.7, 0.2)]
    assert firsts == [0, 3, 8]


def test_cells_may_change_that_are_half_inside_or_else_touched() -> None:
    latents = torch.zeros(1, 4, 4, 4)
    half = cells(rectangle("0,0,50%,50%", (32, 32)), latents)
    assert half.sum() == 4
    assert half[0, 0, :2, :2].all()
    grown = cells(rectangle("0,0,19,16", (32, 32)), latents)
    assert torch.equal(grown, half)  # three of eight columns more are not half a cell
    speck = cells(rectangle("30,30,1,1", (32, 32)), latents)
    assert (speck.sum(), speck[0, 0, 3, 3]) == (1, 1)


def test_a_region_leaves_the_plan_it_was_given_as_it_was(backbone: LatentDiffusion) -> None:
    chosen = Settings(steps=2)
    plan = text_plan(backbone, Prompt.of("a cat", settings=chosen), (1,))
    before = plan.start.clone()
    filling(backbone, plan, canvas("0,0,5,5"))
    assert (plan.mask, plan.clean, plan.finish, plan.first) == (None, None, None, 0)
    assert torch.equal(plan.start, before)


@pytest.fixture(scope="module")
def inpainting(tmp_path_factory: pytest.TempPathFactory) -> LatentDiffusion:
    """A random SD 1 model whose U-Net reads nine channels, loaded from a folder."""
    made = make_tiny("sd1")
    with torch.random.fork_rng():
        torch.manual_seed(5)
        made.unet = UNet2DConditionModel(
            sample_size=16, layers_per_block=1, in_channels=9, **UNET["sd1"]
        )
    folder = made.save(tmp_path_factory.mktemp("models") / "inpainting")
    with Models("cpu").use(str(folder)) as loaded:
        assert isinstance(loaded, LatentDiffusion)
        return loaded


def shown(backbone: LatentDiffusion, plan: Plan) -> list[Tensor]:
    """What the U-Net reads, step by step."""
    seen: list[Tensor] = []
    handle = backbone.unet.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    try:
        list(steps(backbone, plan))
    finally:
        handle.remove()
    return seen


def test_a_model_that_inpaints_reads_the_mask_and_what_is_kept(
    inpainting: LatentDiffusion,
) -> None:
    on = canvas("0,0,50%,100%", feather=0)
    plan = plan_of(inpainting, on)
    mask = plan.mask
    assert mask is not None
    grey = on.picture.copy()
    grey.paste("#808080", (0, 0, 16, 32))
    for read in shown(inpainting, plan):
        assert read.shape == (4, 9, 16, 16)  # with words and without
        assert torch.equal(read[:, 4:5], mask.expand(4, -1, -1, -1))
        kept = inpainting.encode([grey], (32, 32))
        torch.testing.assert_close(read[:, 5:], kept.expand(4, -1, -1, -1))
    old = np.asarray(on.picture)
    for made in run(inpainting, plan):
        assert (np.asarray(made)[:, 16:] == old[:, 16:]).all()


def test_a_model_that_inpaints_makes_whole_pictures_too(inpainting: LatentDiffusion) -> None:
    chosen = Settings(steps=2, aspect="2:1")
    plan = text_plan(inpainting, Prompt.of("a cat", settings=chosen), (1,))
    for read in shown(inpainting, plan):
        assert (read[:, 4] == 1).all()
        assert read.shape[1] == 9
    assert run(inpainting, plan)[0].size == (44, 24)
