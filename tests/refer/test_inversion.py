"""Inversion finds the noise from which DDIM leads back, also where the last level is pure noise."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.models.latent import LatentDiffusion
from lookalike.models.sd import StableDiffusion
from lookalike.refer.inversion import KEPT, inverted, kept_inversion, stepped
from lookalike.refer.rows import alphas_of
from tests.engine.tiny import noise_picture
from tests.models.tiny_checkpoints import make_tiny

VELOCITY = {
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
}


SPREAD = torch.rand(1, 4, 16, 16, generator=torch.Generator().manual_seed(7)) + 0.2
MEAN = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(8))


class Knowing(StableDiffusion):
    """A model whose pictures are Gaussian, place by place: what it sees in noise is exact."""

    def denoise(self, x: Tensor, level: Tensor, conditioning: Embedding) -> Tensor:
        """The posterior mean of the clean latents."""
        alpha = float(alphas_of(self)[int(level)])
        variance = SPREAD.square()
        gain = alpha**0.5 * variance / (alpha * variance + 1 - alpha)
        return MEAN + gain * (x - alpha**0.5 * MEAN)


def model(kind: str) -> LatentDiffusion:
    made = Knowing(make_tiny("sd1").parts().to(torch.device("cpu"), torch.float32))
    if kind == "velocity":
        made.scheduler_config = {**made.scheduler_config, **VELOCITY}
    return made


def levels(backbone: LatentDiffusion, count: int, first: int = 0) -> list[int]:
    return [int(level) for level in backbone.scheduler(count).timesteps[first:]]


def back(backbone: LatentDiffusion, path: dict[int, Tensor]) -> Tensor:
    """DDIM along the levels of `path`, from its noisiest latents."""
    alphas = alphas_of(backbone)
    order = sorted(path, reverse=True)
    x = path[order[0]]
    for level, after in zip(order, [*order[1:], None], strict=True):
        seen = backbone.denoise(x, torch.tensor(level), backbone.unconditional())
        to = 1.0 if after is None else float(alphas[after])
        x = stepped(x, seen, float(alphas[level]), to)
    return x


@pytest.mark.parametrize("first", [0, 6])
@pytest.mark.parametrize("kind", ["noise", "velocity"])
def test_ddim_leads_back_from_an_inversion(kind: str, first: int) -> None:
    backbone = model(kind)
    clean = MEAN + SPREAD * torch.randn(MEAN.shape, generator=torch.Generator().manual_seed(4))
    found, errors = levels(backbone, 12, first), []
    with torch.no_grad():
        for refinements in (0, 1, 8):
            path = inverted(backbone, clean, found, backbone.unconditional(), refinements)
            assert sorted(path, reverse=True) == found
            errors.append(float((back(backbone, path) - clean).square().mean().sqrt()))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.02


def test_the_last_level_of_the_velocity_model_is_pure_noise() -> None:
    assert float(alphas_of(model("velocity"))[-1]) < 1e-6


def test_a_step_to_the_level_it_is_at_changes_nothing(backbone: LatentDiffusion) -> None:
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(stepped(x, x * 0.3, 0.4, 0.4), x)


def test_a_step_keeps_the_noise_and_changes_its_share() -> None:
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    clean = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    at, to = 0.36, 0.64
    x = at**0.5 * clean + (1 - at) ** 0.5 * noise
    torch.testing.assert_close(stepped(x, clean, at, to), 0.8 * clean + 0.6 * noise)


def test_an_inversion_is_the_same_each_time(backbone: LatentDiffusion) -> None:
    clean = backbone.encode([noise_picture()])
    found = [
        inverted(backbone, clean, levels(backbone, 3), backbone.unconditional()) for _ in range(2)
    ]
    assert all(torch.equal(found[0][level], found[1][level]) for level in found[0])


def test_the_same_reference_is_inverted_once(backbone: LatentDiffusion) -> None:
    clean, told = backbone.encode([noise_picture()]), backbone.unconditional()
    first = kept_inversion(backbone, clean, levels(backbone, 3), told)
    assert kept_inversion(backbone, clean.clone(), levels(backbone, 3), told) is first
    plain = inverted(backbone, clean, levels(backbone, 3), told)
    assert all(torch.equal(first[level], plain[level]) for level in plain)
    others = [
        kept_inversion(backbone, clean + 1e-3, levels(backbone, 3), told),
        kept_inversion(backbone, clean, levels(backbone, 2), told),
        kept_inversion(backbone, clean, levels(backbone, 3), backbone.embed(["a cat"])),
    ]
    assert len({id(one) for one in (first, *others)}) == 4


def test_inversions_are_kept_up_to_a_number() -> None:
    backbone = model("noise")
    told, at = backbone.unconditional(), levels(backbone, 1)
    made = [kept_inversion(backbone, MEAN + number, at, told) for number in range(KEPT + 1)]
    assert kept_inversion(backbone, MEAN + KEPT, at, told) is made[-1]
    assert kept_inversion(backbone, MEAN, at, told) is not made[0]
