"""What we are measured against is what it says, and leaves the model as it was."""

from __future__ import annotations

import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from torch import nn

from benchmarks.restyle import sooner
from benchmarks.speed._community import Community, Published
from benchmarks.speed._peer import noise_of
from benchmarks.speed.restyle import row
from lookalike.core.compute import Compute
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import text_plan
from lookalike.engine.run import steps
from lookalike.models.latent import LatentDiffusion
from lookalike.refer import Mechanism, Referred
from tests.engine.tiny import noise_picture, tiny_backbone


@pytest.fixture(scope="module")
def backbone() -> LatentDiffusion:
    return tiny_backbone()


@pytest.mark.parametrize("rival", [Published(), Community()], ids=lambda one: one.name)
def test_a_rival_bends_the_picture_and_leaves_the_model_as_it_was(
    backbone: LatentDiffusion, rival: Mechanism, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = text_plan(backbone, Prompt.of("a cat", settings=Settings(steps=2)), [1, 2])
    *_, plain = steps(backbone, plan)
    told = Referred(noise_picture(), embedding=backbone.embed(["a dog"]), role="style")
    *_, bent = steps(backbone, rival.bend(backbone, plan, [told]))
    *_, after = steps(backbone, plan)
    monkeypatch.setattr(backbone, "compute", Compute(one_by_one=True))
    *_, apart = steps(backbone, rival.bend(backbone, plan, [told]))
    torch.testing.assert_close(bent.preview, apart.preview, rtol=1e-3, atol=1e-3)
    assert bent.preview.shape == plain.preview.shape
    assert not torch.allclose(bent.preview, plain.preview, atol=1e-3)
    assert torch.equal(after.preview, plain.preview)
    norms = [one for one in backbone.unet.modules() if isinstance(one, nn.GroupNorm)]
    assert not any("forward" in vars(one) for one in norms)


def looked(*values: float) -> list[dict[str, float]]:
    return [{"style": value, "seconds": 10.0 * (at + 1)} for at, value in enumerate(values)]


def test_a_race_is_won_where_we_are_as_near_as_they_ever_get() -> None:
    found = sooner(looked(5, 1), looked(4, 2, 2, 3, 2, 2), "style")
    assert (found["seconds"], found["their_seconds"], found["times_sooner"]) == (20, 20, 1)


def test_a_race_is_lost_where_we_never_get_as_near() -> None:
    assert sooner(looked(5, 3), looked(4, 2), "style")["times_sooner"] == 0


def test_a_race_of_pairs_is_told_by_its_median_and_by_those_that_were_lost() -> None:
    found = [
        {"seconds": 2.0, "their_seconds": 2.0 * n, "times_sooner": float(n)} for n in (4, 0, 3)
    ]
    told = row("ours", found)
    assert (told.ours, told.theirs, told.ratio) == (2, 6, pytest.approx(1 / 3))
    assert told.note == "4.0, never, 3.0 times sooner by pair"
    assert row("ours", [found[1]] * 2 + found[:1]).ratio is None


@pytest.mark.parametrize(
    ("told", "spacing"), [({}, "linspace"), ({"timestep_spacing": "trailing"}, "trailing")]
)
def test_a_pipeline_takes_the_steps_that_the_checkpoint_says_and_no_other_samplers(
    told: dict[str, str], spacing: str
) -> None:
    own = DDIMScheduler.from_config({"beta_schedule": "scaled_linear", **told})
    made = DPMSolverMultistepScheduler.from_config(noise_of(own.config))
    assert made.config["timestep_spacing"] == spacing
    assert made.config["beta_schedule"] == "scaled_linear"
