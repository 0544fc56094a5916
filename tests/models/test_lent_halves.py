"""A U-Net's first half: what it lends is taken back to the last bit."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from lookalike.models.halves import FirstHalf
from tests.models.tiny_checkpoints import make_tiny


@pytest.fixture(scope="module")
def unet() -> Any:
    """A random U-Net."""
    return make_tiny("sd1").unet


@pytest.fixture(scope="module")
def half(unet: Any) -> FirstHalf:
    """Its first half, with every weight moved."""
    made = FirstHalf(unet).requires_grad_(False)
    chance = torch.Generator().manual_seed(0)
    for weight in made.parameters():
        weight += torch.randn(weight.shape, generator=chance)
    return made


def state(unet: Any) -> Mapping[str, Tensor]:
    """A copy of a U-Net's weights."""
    return {name: weight.clone() for name, weight in unet.state_dict().items()}


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether weights are the same to the last bit."""
    return all(
        torch.equal(one[name].view(torch.int32), other[name].view(torch.int32)) for name in one
    )


def theirs(half: FirstHalf) -> Mapping[str, Tensor]:
    """A half's weights by the names of a U-Net."""
    return {name.removeprefix("parts."): each for name, each in half.state_dict().items()}


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_weights_are_lent_by_their_share_and_the_decoder_is_kept(
    unet: Any, half: FirstHalf, share: float
) -> None:
    before, ours = state(unet), theirs(half)
    with half.lent(unet, share):
        during = state(unet)
    for name, weight in before.items():
        wanted = weight + share * (ours[name] - weight) if name in ours else weight
        torch.testing.assert_close(during[name], wanted)
    assert {name.split(".")[0] for name in before if name not in ours} == {
        *("up_blocks", "conv_norm_out", "conv_out"),
    }
    assert same(before, state(unet))


def test_weights_are_given_back_after_an_error(unet: Any, half: FirstHalf) -> None:
    before = state(unet)
    during = {}

    def fail() -> None:
        with half.lent(unet, 0.5):
            during.update(state(unet))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not same(before, during)
    assert same(before, state(unet))


def test_weights_are_given_back_where_the_halves_do_not_fit(unet: Any, half: FirstHalf) -> None:
    other = copy.deepcopy(half)
    middle: Any = other.parts["mid_block"]
    middle.resnets[0].conv1.weight = torch.nn.Parameter(torch.zeros(3, 5))
    before = state(unet)
    with pytest.raises(RuntimeError), other.lent(unet, 0.5):
        pass
    assert same(before, state(unet))


def test_what_is_lent_is_what_is_put_back(unet: Any, half: FirstHalf) -> None:
    changed = copy.deepcopy(unet)
    half.put_back(changed, 0.3)
    with half.lent(unet, 0.3):
        assert same(state(changed), state(unet))


def test_the_distance_is_that_of_all_weights_together(unet: Any, half: FirstHalf) -> None:
    ours = theirs(half)
    own = torch.cat([unet.state_dict()[name].flatten() for name in ours])
    moved = torch.cat([each.flatten() for each in ours.values()])
    wanted = float((moved - own).norm() / own.norm())
    assert half.distance(unet) == pytest.approx(wanted, rel=1e-4)
    assert FirstHalf(unet).distance(unet) == 0
