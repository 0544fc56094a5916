"""The worked example of the page on extending keeps what every method promises."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lookalike.core.plan import Plan
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import text_plan
from lookalike.engine.run import steps
from lookalike.models.latent import LatentDiffusion
from lookalike.refer import Mechanism, Referred
from tests.contract.methods import assert_it_says_what_it_does, assert_options_are_described
from tests.engine.tiny import noise_picture, tiny_backbone
from tests.test_contributing import example

FOLDER = Path(__file__).parents[1] / "examples" / "extending"


@pytest.fixture(scope="module")
def backbone() -> LatentDiffusion:
    return tiny_backbone()


@pytest.fixture(scope="module")
def colours() -> Iterator[Mechanism]:
    sys.path.insert(0, str(FOLDER))
    yield import_module("latent_colours").LatentColours()
    sys.path.remove(str(FOLDER))


def plan_of(backbone: LatentDiffusion, weight: float) -> Plan:
    settings = Settings(steps=2, guidance=2.0, style_weight=weight)
    return text_plan(backbone, Prompt.of("a cat", settings=settings), (1, 2))


def made(backbone: LatentDiffusion, colours: Mechanism | None, weight: float = 100.0) -> Tensor:
    plan, found = plan_of(backbone, weight), [Referred(noise_picture(seed=3))]
    bent = plan if colours is None else colours.bend(backbone, plan, found)
    *_, last = steps(backbone, bent)
    return last.preview


def test_the_describer_of_the_example_is_that_of_the_page_for_contributors() -> None:
    assert (FOLDER / "colours.py").read_text("utf-8") == example()


def test_the_mechanism_says_what_it_and_its_options_do(colours: Mechanism) -> None:
    assert_it_says_what_it_does("latent-colours", type(colours))
    assert_options_are_described(type(colours))


def test_a_reference_of_weight_zero_changes_nothing(
    backbone: LatentDiffusion, colours: Mechanism
) -> None:
    assert torch.equal(made(backbone, colours, 0.0), made(backbone, None, 0.0))


def test_more_weight_brings_the_references_mean_nearer(
    backbone: LatentDiffusion, colours: Mechanism
) -> None:
    size = (backbone.pixels, backbone.pixels)
    aim = backbone.encode([noise_picture(seed=3)], size).mean((-2, -1))

    def far(weights: Sequence[float]) -> list[float]:
        return [float((made(backbone, colours, w).mean((-2, -1)) - aim).norm()) for w in weights]

    none, little, much = far((0.0, 30.0, 1000.0))
    assert none > little > much


def test_the_plan_given_stays_as_it_is(backbone: LatentDiffusion, colours: Mechanism) -> None:
    plan = plan_of(backbone, 100.0)
    bent = colours.bend(backbone, plan, [Referred(noise_picture())])
    assert (plan.wraps, len(bent.wraps)) == ((), 1)
