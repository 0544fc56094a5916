"""Attention to learn through gives what the fused one gives, without keeping every pair."""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor

from lookalike.models.attending import FEW, Learning
from lookalike.models.halves import FirstHalf


def layer() -> Any:
    torch.manual_seed(0)
    return Attention(query_dim=8, heads=2, dim_head=4)


def test_what_it_gives_is_what_diffusers_gives() -> None:
    attn = layer()
    for tokens in (4, FEW + 1):
        states = torch.randn(1, tokens, 8)
        expected = AttnProcessor()(attn, states)
        torch.testing.assert_close(Learning()(attn, states), expected)


def test_pairs_of_many_tokens_are_not_kept(monkeypatch: Any) -> None:
    asked: list[int] = []
    plain = AttnProcessor.__call__

    def watched(self: Any, attn: Any, states: torch.Tensor, *args: Any, **more: Any) -> Any:
        asked.append(states.shape[1])
        return plain(self, attn, states, *args, **more)

    monkeypatch.setattr(AttnProcessor, "__call__", watched)
    attn = layer()
    for tokens in (FEW, FEW + 1):
        Learning()(attn, torch.randn(1, tokens, 8))
    assert asked == [FEW]


def test_a_half_that_learns_attends_so(originals: dict[str, Any]) -> None:
    half = FirstHalf(originals["sd1"].unet)
    found = [part.processor for part in half.modules() if isinstance(part, Attention)]
    assert found
    assert all(isinstance(one, Learning) for one in found)
