"""The first half of a U-Net: the same numbers as the whole one's, and a life of its own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from lookalike.models.halves import FirstHalf
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import tiny_backbone
from tests.models.tiny_checkpoints import FAMILIES


@pytest.fixture(scope="module")
def backbones() -> dict[str, LatentDiffusion]:
    """A small random one of each family; not to be changed by a test."""
    return {family: tiny_backbone(family) for family in FAMILIES}


def asked(backbone: LatentDiffusion) -> tuple[Tensor, Tensor, dict[str, Tensor] | None]:
    """Latents, token states, and what the family adds."""
    latents = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(3))
    told = backbone.embed(["a red cat", "a blue dog in the rain"])
    return latents, told.tokens, backbone.added(latents, told)


@torch.no_grad()
def middle(backbone: LatentDiffusion) -> Tensor:
    """What the middle block gives when diffusers' own U-Net runs whole, at timestep 0."""
    latents, tokens, added = asked(backbone)
    heard: list[Tensor] = []

    def hear(block: Any, given: Any, out: Tensor) -> None:
        heard.append(out)

    hook = backbone.unet.mid_block.register_forward_hook(hear)
    try:
        backbone.unet(latents, 0, encoder_hidden_states=tokens, added_cond_kwargs=added)
    finally:
        hook.remove()
    return heard[0]


@torch.no_grad()
def half_of(half: FirstHalf, backbone: LatentDiffusion) -> Tensor:
    return half(*asked(backbone))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_half_computes_what_the_whole_does_up_to_its_middle_block(
    backbones: dict[str, LatentDiffusion], family: str
) -> None:
    backbone = backbones[family]
    half = FirstHalf(backbone.unet)
    expected = middle(backbone)
    assert half.width == expected.shape[1]
    assert torch.allclose(half_of(half, backbone), expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_half_of_a_unet_that_inpaints_is_told_that_nothing_is_masked() -> None:
    backbone = tiny_backbone("sd1")
    latents, tokens, _ = asked(backbone)
    plain = FirstHalf(backbone.unet)
    known = backbone.unet.conv_in
    backbone.unet.conv_in = torch.nn.Conv2d(9, known.out_channels, 3, padding=1)
    backbone.unet.register_to_config(in_channels=9)
    backbone.unet.conv_in.bias.copy_(known.bias)
    backbone.unet.conv_in.weight.copy_(
        torch.cat([known.weight / 2, torch.ones_like(known.weight[:, :1]), known.weight / 2], 1)
    )
    found = FirstHalf(backbone.unet)(latents, tokens)
    assert torch.allclose(found, plain(latents, tokens), rtol=1e-4, atol=1e-5)


def test_what_a_family_adds_is_not_lost(backbones: dict[str, LatentDiffusion]) -> None:
    half = FirstHalf(backbones["sdxl"].unet)
    latents, tokens, _ = asked(backbones["sdxl"])
    with torch.no_grad():
        without = half(latents, tokens)
    assert not torch.allclose(without, half_of(half, backbones["sdxl"]), rtol=1e-2)


def learnt(backbone: LatentDiffusion) -> FirstHalf:
    """A half after a step of training that moved every weight of it."""
    half = FirstHalf(backbone.unet)
    optimiser = torch.optim.SGD(half.parameters(), lr=1e-2)
    half(*asked(backbone)).square().mean().backward()
    assert all(weight.grad is not None for weight in half.parameters())
    optimiser.step()
    return half


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_what_a_half_learns_goes_into_the_unet_by_the_share_that_is_put_back(
    family: str,
) -> None:
    backbone = tiny_backbone(family)
    before = {k: v.clone() for k, v in backbone.unet.state_dict().items()}
    half = learnt(backbone)
    half.put_back(backbone.unet, 0.0)
    after = backbone.unet.state_dict()
    assert all(torch.equal(after[k], before[k]) for k in before)
    half.put_back(backbone.unet, 1.0)
    assert torch.allclose(half_of(half, backbone), middle(backbone), rtol=1e-4, atol=1e-5)
    changed = {k.partition(".")[0] for k, v in after.items() if not torch.equal(v, before[k])}
    assert changed == set(half.parts)
    assert not any(weight.requires_grad for weight in backbone.unet.parameters())


def test_half_a_share_is_half_the_way() -> None:
    backbone = tiny_backbone()
    before = backbone.unet.conv_in.weight.clone()
    half = learnt(backbone)
    half.put_back(backbone.unet, 0.5)
    own: Any = half.parts["conv_in"]
    assert torch.allclose(backbone.unet.conv_in.weight, (before + own.weight) / 2)


def test_a_half_learns_in_full_precision_whatever_its_unet_is_in() -> None:
    backbone = tiny_backbone()
    backbone.unet.to(torch.bfloat16)
    half = FirstHalf(backbone.unet)
    assert {weight.dtype for weight in half.parameters()} == {torch.float32}
    half.put_back(backbone.unet, 1.0)
    assert {weight.dtype for weight in backbone.unet.parameters()} == {torch.bfloat16}
