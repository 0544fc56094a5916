"""The loss of denoising is that of predicting what the model was trained to predict."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from lookalike.convert.dreambooth import DreamBooth
from lookalike.convert.learning import denoising
from lookalike.convert.learning.denoising import alphas, denoising_loss, trainable, where
from lookalike.convert.learning.task import recipe_of
from lookalike.convert.online import Online
from lookalike.core.embedding import Embedding
from lookalike.models.latent import LatentDiffusion
from tests.convert.learning import forget
from tests.engine.tiny import noise_picture, tiny_backbone

LEVELS = torch.tensor([3, 500, 990])
KINDS = ("epsilon", "v_prediction", "sample")


def target(kind: str, clean: Tensor, noise: Tensor, alpha: Tensor) -> Tensor:
    """What a model of a kind is to predict (Salimans and Ho 2022, for the velocity)."""
    velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * clean
    return {"epsilon": noise, "sample": clean, "v_prediction": velocity}[kind]


@pytest.fixture(scope="module")
def own() -> LatentDiffusion:
    """A backbone whose kind of prediction tests may change."""
    return tiny_backbone()


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_that_of_the_predicted_kind(own: LatentDiffusion, kind: str) -> None:
    own.prediction = kind
    chance = torch.Generator().manual_seed(0)
    clean, noise = (torch.randn(3, *own.latent, generator=chance) for _ in range(2))
    told = own.embed(["a cat"] * 3)
    alpha = alphas(own)[LEVELS].reshape(-1, 1, 1, 1)
    noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
    said = own.unet(noisy, LEVELS, encoder_hidden_states=told.tokens).sample
    by_hand = (said - target(kind, clean, noise, alpha)).square().mean()
    found = denoising_loss(own, clean, told, LEVELS, noise)
    torch.testing.assert_close(found, by_hand, rtol=1e-3, atol=1e-5)


def test_plain_attention_is_lent_and_taken_back(own: LatentDiffusion) -> None:
    before = dict(own.unet.attn_processors)
    recipe = recipe_of(steps=1, batch=1, rate=1e-4, seed=0)
    with trainable(own, recipe):
        assert all(now is not before[n] for n, now in own.unet.attn_processors.items())
    assert dict(own.unet.attn_processors) == before
    with pytest.raises(KeyboardInterrupt), trainable(own, recipe):
        raise KeyboardInterrupt
    assert dict(own.unet.attn_processors) == before


@pytest.mark.parametrize("by", [Online, DreamBooth])
def test_large_pictures_are_learnt_from_as_small_ones_in_less_memory(
    own: LatentDiffusion, by: type[Online | DreamBooth], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is computed twice has what is learnt in it both times."""
    found, kept = list[dict[str, Tensor]](), list[int]()
    asked = by(steps=3, batch=1, rate=1e-3)
    for large in (denoising.LARGE, 0):
        forget()
        monkeypatch.setattr(denoising, "LARGE", large)
        held = 0

        def count(tensor: Tensor) -> Tensor:
            nonlocal held
            held += tensor.numel()
            return tensor

        with saved_tensors_hooks(count, lambda tensor: tensor):
            made = asked.convert(own, [noise_picture()])
        assert made.adjustment is not None
        found.append(dict(made.adjustment.additions))
        kept.append(held)
        assert not any(getattr(one, "gradient_checkpointing", False) for one in own.unet.modules())
    assert max(float(one.abs().max()) for one in found[0].values()) > 1e-5
    for name, one in found[0].items():
        torch.testing.assert_close(found[1][name], one, rtol=1e-4, atol=1e-7)
    assert kept[1] < 0.7 * kept[0]


def test_rows_are_taken_from_the_one_or_the_other() -> None:
    one, other = (
        Embedding(torch.full((2, 3, 4), v), torch.full((2, 5), v), "here") for v in (1.0, 2.0)
    )
    found = where(torch.tensor([True, False]), one, other)
    assert found.pooled is not None
    assert found.tokens[:, 0, 0].tolist() == found.pooled[:, 0].tolist() == [1.0, 2.0]
