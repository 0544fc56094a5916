"""Chaos: how far a picture's noise is from the common one, and that it stays noise."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from lookalike.engine.chaos import slerp, spread


def drawn(count: int, seed: int = 0) -> Tensor:
    return torch.randn(count, 4, 16, 16, generator=torch.Generator().manual_seed(seed))


def likeness(noise: Tensor) -> float:
    """Mean cosine of every picture's noise with the first one's."""
    flat = noise.flatten(1)
    return float(torch.cosine_similarity(flat[:1], flat[1:]).mean())


def test_more_chaos_makes_the_pictures_of_a_run_differ_more() -> None:
    found = [likeness(spread(drawn(4), chaos)) for chaos in (0, 30, 60, 100)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.5
    assert abs(found[-1]) < 0.1


def test_at_full_chaos_each_picture_has_its_own_noise() -> None:
    noise = drawn(3)
    assert torch.equal(spread(noise, 100), noise)


@pytest.mark.parametrize("chaos", [0.0, 50.0])
def test_the_first_picture_keeps_its_noise_and_the_others_stay_noise(chaos: float) -> None:
    made = spread(drawn(4), chaos)
    assert torch.equal(made[0], drawn(4)[0])
    assert made.std(dim=(1, 2, 3)).sub(1).abs().max() < 0.1


@given(way=st.floats(0, 1), scale=st.sampled_from([1.0, 2.5, -1.0]))
def test_near_parallel_noise_gives_finite_noise(way: float, scale: float) -> None:
    a = drawn(1)[0]
    assert bool(slerp(a, scale * a, way).isfinite().all())


def test_the_ends_of_the_way_are_the_two() -> None:
    a, b = drawn(2)
    torch.testing.assert_close(slerp(a, b, 0.0), a)
    torch.testing.assert_close(slerp(a, b, 1.0), b)
