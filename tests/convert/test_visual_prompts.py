"""Visual prompts: nothing at the start, then help in every layer, and never a trace behind."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from lookalike.convert.closed_form import ClosedForm
from lookalike.convert.learning.prompts import DROPOUT, VisualPrompts
from lookalike.convert.learning.task import Learner, recipe_of
from lookalike.models.latent import LatentDiffusion
from tests.convert.learnt import backbone, each
from tests.engine.tiny import noise_picture

__all__ = ["backbone", "each"]  # fixtures

PICTURES = [noise_picture(seed=seed) for seed in range(2)]
COUNT = 3


def prompts(of: LatentDiffusion, gate: float = 0.0) -> VisualPrompts:
    made = VisualPrompts(of.clip.vision, COUNT, torch.Generator().manual_seed(0))
    made.gate.data.fill_(gate)
    return made.requires_grad_(False)


def read(of: LatentDiffusion, by: VisualPrompts, chance: torch.Generator | None = None) -> Tensor:
    plain = of.clip.see(PICTURES, "crop").pooled
    return by(of.clip.vision, of.clip.preprocess(PICTURES, "crop"), plain, chance)


def hooks(of: LatentDiffusion) -> int:
    layers = of.clip.vision.modules()
    return sum(len(one._forward_pre_hooks) + len(one._forward_hooks) for one in layers)


@torch.no_grad()
def test_the_start_is_the_closed_form_itself(each: LatentDiffusion) -> None:
    recipe = recipe_of(steps=1, batch=1, rate=1e-3, seed=0, prompts=COUNT)
    begun = Learner(each, recipe).convert(each, PICTURES, "crop")
    plain = ClosedForm().convert(each, PICTURES)
    torch.testing.assert_close(begun.tokens, plain.tokens, rtol=1e-6, atol=1e-6)
    if plain.pooled is not None:
        torch.testing.assert_close(begun.pooled, plain.pooled, rtol=1e-6, atol=1e-6)
    assert begun.adjustment is not None
    assert not any(bool(added.any()) for added in begun.adjustment.additions.values())


@torch.no_grad()
def test_an_open_gate_lets_every_layers_own_vectors_be_read(backbone: LatentDiffusion) -> None:
    shut, opened = read(backbone, prompts(backbone)), read(backbone, prompts(backbone, 1.0))
    assert float((opened - shut).abs().max()) > 1e-3
    assert len(prompts(backbone).vectors) == backbone.clip.vision.config.num_hidden_layers
    for layer in range(len(prompts(backbone).vectors)):
        other = prompts(backbone, 1.0)
        other.vectors[layer, :, ::2] += 1.0  # a layer norm would take away the same for all
        assert float((read(backbone, other) - opened).abs().max()) > 1e-4


@torch.no_grad()
def test_each_layer_reads_its_vectors_between_the_class_token_and_the_patches(
    backbone: LatentDiffusion,
) -> None:
    by, entered = prompts(backbone, 1.0), []
    layers = list(backbone.clip.vision.vision_model.encoder.layers)

    def look(_: Any, given: tuple[Any, ...], __: Any) -> None:
        entered.append(given[0])

    watching = [layer.register_forward_hook(look) for layer in layers]
    try:
        read(backbone, by)
    finally:
        for one in watching:
            one.remove()
    patches = (backbone.clip.vision.config.image_size // 8) ** 2
    plain, prompted = entered[: len(layers)], entered[len(layers) :]
    for layer, states in enumerate(prompted):
        assert states.shape[1] == 1 + COUNT + patches
        expected = (by.vectors[layer] @ by.projection.T).expand(len(PICTURES), -1, -1)
        torch.testing.assert_close(states[:, 1 : 1 + COUNT], expected)
    torch.testing.assert_close(prompted[0][:, 1 + COUNT :], plain[0][:, 1:])
    torch.testing.assert_close(prompted[0][:, 0], plain[0][:, 0])


@torch.no_grad()
def test_hooks_are_gone_afterwards_also_when_the_tower_raises(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, by = hooks(backbone), prompts(backbone, 1.0)
    plain = backbone.clip.see(PICTURES, "crop").pooled
    read(backbone, by)
    assert hooks(backbone) == before
    last = backbone.clip.vision.vision_model.encoder.layers[-1]

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(last, "forward", broken)
    with pytest.raises(KeyboardInterrupt):
        by(backbone.clip.vision, backbone.clip.preprocess(PICTURES, "crop"), plain)
    monkeypatch.undo()
    assert hooks(backbone) == before
    assert torch.equal(backbone.clip.see(PICTURES, "crop").pooled, plain)


@torch.no_grad()
def test_dropout_draws_from_the_given_generator_alone(backbone: LatentDiffusion) -> None:
    by, state = prompts(backbone, 1.0), torch.get_rng_state()

    def drawn(seed: int) -> Tensor:
        return read(backbone, by, torch.Generator().manual_seed(seed))

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    assert not torch.equal(drawn(1), read(backbone, by))
    assert torch.equal(read(backbone, by), read(backbone, by))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_tenth_of_the_entries_is_left_out_and_the_rest_made_up_for_it(
    backbone: LatentDiffusion,
) -> None:
    by = prompts(backbone)
    by.vectors.data.fill_(1.0)
    kept = by._kept(torch.Generator().manual_seed(0))
    assert kept.unique().tolist() == pytest.approx([0.0, 1 / (1 - DROPOUT)])
    assert float((kept == 0).float().mean()) == pytest.approx(DROPOUT, abs=0.05)


def test_the_first_vectors_are_the_seeds_and_leave_the_common_chance_alone(
    backbone: LatentDiffusion,
) -> None:
    state = torch.get_rng_state()
    assert torch.equal(prompts(backbone).vectors, prompts(backbone).vectors)
    other = VisualPrompts(backbone.clip.vision, COUNT, torch.Generator().manual_seed(1))
    assert not torch.equal(prompts(backbone).vectors, other.vectors)
    assert torch.equal(torch.get_rng_state(), state)
