"""Pictures made at once are those of each run, and are made again bit for bit among copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from PIL import Image

from lookalike.core.errors import OptionError
from lookalike.core.plan import Plan
from lookalike.core.records import Prompt, Settings
from lookalike.core.regions import Canvas
from lookalike.engine.plan import starting_from, text_plan
from lookalike.engine.region import filling
from lookalike.engine.run import steps
from lookalike.engine.together import among, form, room, together
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import noise_picture, tiny_backbone

FEW = Settings(steps=2, count=1)


def plan(backbone: LatentDiffusion, text: str, *seeds: int, **how: object) -> Plan:
    settings = FEW.model_copy(update=how)
    return text_plan(backbone, Prompt.of(text, settings=settings), seeds)


def begun(backbone: LatentDiffusion, text: str, *seeds: int) -> Plan:
    picture = noise_picture(seed=seeds[0])
    return starting_from(backbone, plan(backbone, text, *seeds), picture, 0.7)


def filled(backbone: LatentDiffusion, text: str, *seeds: int) -> Plan:
    mask = Image.new("L", (32, 32))
    mask.paste(255, (0, 0, 16, 8 * (1 + seeds[0] % 3)))
    canvas = Canvas(noise_picture(seed=seeds[0]), mask)
    return filling(backbone, plan(backbone, text, *seeds), canvas, 0.7)


def last(backbone: LatentDiffusion, made: Plan) -> torch.Tensor:
    *_, progress = steps(backbone, made)
    return progress.preview


@pytest.mark.parametrize("make", [plan, begun, filled])
def test_each_gets_what_it_gets_among_copies_and_nearly_what_it_gets_alone(
    backbone: LatentDiffusion, make: Callable[..., Plan]
) -> None:
    check(backbone, make)


def test_so_it_is_where_a_model_is_told_more_than_words() -> None:
    check(tiny_backbone("sdxl"), plan)


def check(backbone: LatentDiffusion, make: Callable[..., Plan]) -> None:
    with torch.no_grad():
        every = [make(backbone, "a cat", 1), make(backbone, "a red dog", 5, 6)]
        whole = last(backbone, together(every))
        for own, place in zip(every, (0, 1), strict=True):
            mine = whole[place : place + len(own.start)]
            again = last(backbone, among(own, 3, place))[place : place + len(own.start)]
            assert torch.equal(mine, again)
            torch.testing.assert_close(mine, last(backbone, own), rtol=1e-3, atol=1e-3)


def test_what_must_be_the_same_is_the_form(backbone: LatentDiffusion) -> None:
    first = plan(backbone, "a cat", 1)
    assert form(first) == form(plan(backbone, "a dog", 2, 3, seed=9, count=2))
    others = [
        plan(backbone, "a cat", 1, steps=4),
        plan(backbone, "a cat", 1, guidance=2.0),
        plan(backbone, "a cat", 1, pixels=64),
        plan(backbone, "a cat", 1, stop=50),
        plan(backbone, "a cat", 1, tile=True),
        begun(backbone, "a cat", 1),
        filled(backbone, "a cat", 1),
    ]
    assert len({form(one) for one in (first, *others)}) == 1 + len(others)


def test_what_bends_the_model_is_not_made_among_others(backbone: LatentDiffusion) -> None:
    bent = replace(plan(backbone, "a cat", 1), wraps=(lambda denoise: denoise,))
    with pytest.raises(OptionError, match="lean on references"):
        among(bent, 2, 0)


def test_a_place_that_is_not_there_is_told(backbone: LatentDiffusion) -> None:
    with pytest.raises(OptionError, match="2 pictures do not fit from 3 on among 4"):
        among(plan(backbone, "a cat", 1, 2), 4, 3)


def test_there_is_room_for_as_many_as_keep_the_machine_busy(backbone: LatentDiffusion) -> None:
    assert room(backbone, Settings()) == 16
    assert room(backbone, Settings(pixels=64)) == 4
    assert room(backbone, Settings(pixels=512)) == 1
