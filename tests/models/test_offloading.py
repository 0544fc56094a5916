"""An offloaded model makes the same pictures, with one of its parts on the device at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lookalike.core.compute import Compute
from lookalike.core.errors import ModelError
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import text_plan
from lookalike.engine.run import run
from lookalike.models.backbone import Backbone
from lookalike.models.computing import check_compiler
from lookalike.models.offloading import REST, Stage, offloaded
from lookalike.models.store import Models
from tests.engine.tiny import noise_picture, tiny_backbone


def made(backbone: Backbone) -> np.ndarray:
    """Pictures whose making asks every part: what is read back of one, and two of words."""
    seen = backbone.encode([noise_picture()])
    plan = text_plan(backbone, Prompt.of("a cat", settings=Settings(steps=2)), (1, 2))
    pictures = [*backbone.decode(seen), *run(backbone, plan)]
    return np.stack([np.asarray(one) for one in pictures])


def test_pictures_are_the_same_and_parts_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    entered: list[tuple[str, str | None]] = []
    enter = Stage.enter

    def spied(stage: Stage, part: torch.nn.Module) -> None:
        before = stage.on
        enter(stage, part)
        if stage.on is not before:
            entered.append((type(part).__name__, before and type(before).__name__))

    monkeypatch.setattr(Stage, "enter", spied)
    backbone = tiny_backbone()
    plain = made(backbone)
    assert entered == []
    offloaded(backbone, torch.device("cpu"))
    assert np.array_equal(made(backbone), plain)
    vae, text, unet = "AutoencoderKL", "CLIPTextModel", "UNet2DConditionModel"
    assert entered == [(vae, None), (text, vae), (vae, text), (unet, vae), (vae, unet)]


@pytest.mark.slow
def test_a_model_that_is_asked_to_is_offloaded() -> None:
    with Models("cpu", compute=Compute.read("offload")).use("mini") as backbone:
        assert backbone.compute.offload
        mine = made(backbone)
        assert backbone.unet._forward_pre_hooks
    with Models("cpu").use("mini") as backbone:
        assert not backbone.unet._forward_pre_hooks
        assert np.array_equal(made(backbone), mine)


def test_who_comes_on_sends_off_who_was_there_and_takes_its_inputs_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage, sent, seen = Stage(torch.device("meta")), list[tuple[str, torch.device]](), list[str]()
    first, second = torch.nn.Identity(), torch.nn.Identity()
    for name, part in (("first", first), ("second", second)):
        stage.watch(part, (part,))
        monkeypatch.setattr(part, "to", lambda where, name=name: sent.append((name, where)))
        part.register_forward_pre_hook(lambda _, given: seen.append(given[0].device.type))
    for part in (first, first, second, first):
        part(torch.zeros(1, 2))
    there = stage.device
    came, went, returned = ("first", there), ("first", REST), ("second", REST)
    assert sent == [came, went, ("second", there), returned, came]
    assert seen == ["meta"] * 4


def test_what_compiling_needs_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ModelError, match=r"needs a C\+\+ compiler, and there is no no-such") as one:
        check_compiler(torch.device("cpu"))
    assert "\n" not in str(one.value)
    both = Models("cpu", compute=Compute.read("compile,offload"))
    with pytest.raises(ModelError, match="do not go together"), both.use("mini"):
        pass
