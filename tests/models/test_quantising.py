"""A U-Net at 8 bits a number: smaller, near what it was, and able to do all that it could."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
import torch

from lookalike.core import extras
from lookalike.core.adjustment import Adjustment
from lookalike.core.compute import Compute
from lookalike.core.errors import ModelError, OptionError
from lookalike.core.records import Settings
from lookalike.models.adjusting import adjusted
from lookalike.models.backbone import Backbone
from lookalike.models.quantising import is_whole, weight_bytes
from lookalike.models.store import Models
from lookalike.session import Session

LAYER = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight"
WORDS = "a person with brown skin, blue short hair, white background, micah style"


@pytest.fixture(scope="module")
def models() -> Models:
    return Models("cpu", compute=Compute.read("int8"))


@pytest.fixture
def small(models: Models) -> Iterator[Backbone]:
    with models.use("mini") as backbone:
        yield backbone


def seen(backbone: Backbone) -> torch.Tensor:
    chance = torch.Generator().manual_seed(1)
    latents = torch.randn(1, *backbone.latent, generator=chance)
    with torch.no_grad():
        return backbone.denoise(latents, torch.tensor([500]), backbone.embed([WORDS]))


def test_weights_take_a_quarter_of_the_memory_and_convolutions_stay(small: Backbone) -> None:
    with Models("cpu").use("mini") as backbone:
        linear = [m for m in backbone.unet.modules() if isinstance(m, torch.nn.Linear)]
        numbers = sum(each.weight.numel() for each in linear)
        spared = weight_bytes(backbone.unet) - weight_bytes(small.unet)
    assert spared == pytest.approx(3 * numbers, rel=0.02)  # scales stay beside them
    layers = [m for m in small.unet.modules() if isinstance(m, torch.nn.Linear | torch.nn.Conv2d)]
    assert {(type(m).__name__, is_whole(m.weight)) for m in layers} == {
        ("Linear", False),
        ("Conv2d", True),
    }
    assert logging.root.manager.disable == logging.NOTSET


def test_pictures_are_nearly_those_of_the_whole_model_and_made_again_exactly(
    tmp_path: Path,
) -> None:
    settings = Settings(count=2, steps=8, seed=3)
    whole = Session("mini").imagine(WORDS, settings=settings)
    session = Session("mini", compute=Compute.read("int8"))
    made = session.imagine(WORDS, settings=settings)
    for one, other in zip(made.pictures, whole.pictures, strict=True):
        assert 0 < np.abs(np.asarray(one, float) - np.asarray(other, float)).mean() < 2
    assert made.recipe.compute is not None
    assert made.recipe.compute.int8
    again = Session("mini").again(made.save(tmp_path)[0])
    assert [one.tobytes() for one in again.pictures] == [one.tobytes() for one in made.pictures]


def test_what_was_learnt_is_lent_to_it_and_taken_back(small: Backbone) -> None:
    chance = torch.Generator().manual_seed(2)
    shape = small.unet.get_parameter(LAYER).shape
    learnt = Adjustment({LAYER: 0.3 * torch.randn(shape, generator=chance)})
    before = seen(small)
    with adjusted(small.unet, learnt):
        bent = seen(small)
    assert torch.equal(seen(small), before)
    with Models("cpu").use("mini") as backbone:
        plain = seen(backbone)
        with adjusted(backbone.unet, learnt):
            wanted = seen(backbone)
    assert float((wanted - plain).abs().mean()) > 10 * float((plain - before).abs().mean())
    assert float((bent - wanted).abs().mean()) < 0.1 * float((wanted - plain).abs().mean())


def test_what_was_learnt_of_another_model_is_refused(small: Backbone) -> None:
    other = Adjustment({"gone.weight": torch.zeros(2, 2)})
    with pytest.raises(ModelError, match="for another U-Net"), adjusted(small.unet, other):
        pass


def test_without_its_library_it_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(name: str) -> ModuleSpec | None:
        return None if name == "torchao" else ModuleSpec(name, None)

    monkeypatch.setattr(extras, "find_spec", found)
    with (
        pytest.raises(OptionError, match=r"needs torchao.*lookalike\[int8\]") as fault,
        Models("cpu", compute=Compute.read("int8")).use("mini"),
    ):
        pass
    assert "\n" not in str(fault.value)
