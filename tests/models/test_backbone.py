"""The one face of every generator keeps its promises."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from lookalike.core.errors import LookalikeError, OptionError
from lookalike.models.latent import LatentDiffusion
from lookalike.models.parts import Parts
from lookalike.models.sd import StableDiffusion
from tests.models.tiny_checkpoints import FAMILIES, SCHEDULE


class Told(nn.Module):
    """Stands in for a U-Net that answers what it was told to."""

    def __init__(self, unet: Any, answer: Tensor) -> None:
        super().__init__()
        self.config, self.dtype, self.device = unet.config, torch.float32, torch.device("cpu")
        self.answer = answer

    def forward(self, *_: Any, **__: Any) -> tuple[Tensor]:
        return (self.answer,)


def told(tiny: Any, answer: Tensor, **scheduler: Any) -> LatentDiffusion:
    parts = tiny.parts().to(torch.device("cpu"), torch.float32)
    changed = dataclasses.replace(
        parts, unet=Told(tiny.unet, answer), scheduler_config=SCHEDULE | scheduler
    )
    return StableDiffusion(changed, "told")


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("level", [1, 500, 999])
def test_denoise_gives_the_clean_latents_whatever_the_unet_predicts(
    prediction: str, level: int, tinies: dict[str, Any]
) -> None:
    draw = torch.Generator().manual_seed(0)
    clean, noise = (torch.randn(2, 4, 8, 8, generator=draw) for _ in range(2))
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    alpha = (1 - betas).cumprod(0)[level].float()
    noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
    velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * clean
    answer = {"epsilon": noise, "v_prediction": velocity, "sample": clean}[prediction]
    backbone = told(tinies["sd1"], answer, prediction_type=prediction)
    seen = backbone.denoise(noisy, torch.tensor(level), backbone.embed(["a cat"]))
    torch.testing.assert_close(seen, clean, rtol=1e-3, atol=1e-3)


def test_pure_noise_at_the_last_level_is_read_as_velocity_says(tinies: dict[str, Any]) -> None:
    clean = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    backbone = told(
        tinies["sd1"],
        -clean,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )
    assert backbone.scheduler(4).timesteps[0] == 999
    seen = backbone.denoise(torch.ones_like(clean), torch.tensor(999), backbone.embed([""]))
    torch.testing.assert_close(seen, clean, rtol=1e-3, atol=1e-3)


def sample(backbone: LatentDiffusion, start: Tensor, text: str, steps: int) -> Tensor:
    embedding, scheduler = backbone.embed([text]), backbone.scheduler(steps)
    latents = start
    for level in scheduler.timesteps:
        clean = backbone.denoise(latents, level, embedding)
        latents = scheduler.step(clean, level, latents, return_dict=False)[0]
    return latents


@pytest.mark.parametrize("family", FAMILIES)
def test_sampling_through_the_face_equals_diffusers_own_pipeline(
    family: str, tinies: dict[str, Any], originals: dict[str, Any]
) -> None:
    from diffusers import (
        DPMSolverMultistepScheduler,
        StableDiffusionPipeline,
        StableDiffusionXLPipeline,
    )

    from lookalike.models.quiet import quiet

    tiny, backbone = tinies[family], originals[family]
    # Not square: what SDXL is told of sizes has an order.
    start = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(3))
    with quiet():
        solver = DPMSolverMultistepScheduler.from_config(tiny.scheduler.config)
        if family == "sdxl":
            parts = (tiny.vae, *tiny.texts, *tiny.tokenizers, tiny.unet, solver)
            pipeline = StableDiffusionXLPipeline(*parts)
        else:
            pipeline = StableDiffusionPipeline(
                vae=tiny.vae,
                text_encoder=tiny.texts[0],
                tokenizer=tiny.tokenizers[0],
                unet=tiny.unet,
                scheduler=solver,
                safety_checker=None,
                feature_extractor=None,
                requires_safety_checker=False,
            )
        pipeline.set_progress_bar_config(disable=True)
        theirs = pipeline(
            "a red cat",
            height=16,
            width=32,
            num_inference_steps=4,
            guidance_scale=1.0,
            latents=start,
            output_type="latent",
        ).images
        ours = sample(backbone, start, "a red cat", 4)
    torch.testing.assert_close(ours, theirs, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_attention_layer_is_a_site_and_in_running_order(
    family: str, originals: dict[str, Any]
) -> None:
    backbone = originals[family]
    ran: list[str] = []
    hooks = [
        module.register_forward_hook(lambda *_, path=path: ran.append(path))
        for path, module in backbone.unet.named_modules()
        if path.endswith((".attn1", ".attn2"))
    ]
    noise = torch.zeros(1, 4, 8, 8)
    backbone.denoise(noise, torch.tensor(10), backbone.embed([""]))
    for hook in hooks:
        hook.remove()
    assert [site.path for site in backbone.sites] == ran
    for site in backbone.sites:
        assert site.kind == ("cross" if site.path.endswith("attn2") else "self")
        assert site.path.startswith(f"{site.place}_")
    crossing = [site.index for site in backbone.sites if (site.kind, site.place) == ("cross", "up")]
    assert crossing == list(range(len(crossing)))


@pytest.mark.parametrize("family", FAMILIES)
def test_one_conditioning_serves_a_batch_and_neighbours_change_nothing(
    family: str, originals: dict[str, Any]
) -> None:
    backbone = originals[family]
    noise = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    level = torch.tensor(400)
    one = backbone.denoise(noise, level, backbone.embed(["a cat"]))
    two = backbone.denoise(noise, level, backbone.embed(["a cat", "a cat"]))
    torch.testing.assert_close(one, two)
    alone = backbone.denoise(noise[:1], level, backbone.embed(["a cat"]))
    torch.testing.assert_close(one[:1], alone, rtol=1e-4, atol=1e-4)


def test_an_embedding_of_another_space_is_refused(originals: dict[str, Any]) -> None:
    foreign = originals["sd2"].embed(["a cat"])
    with pytest.raises(LookalikeError, match="sd2"):
        originals["sd1"].denoise(torch.zeros(1, 4, 8, 8), torch.tensor(1), foreign)


def test_no_text_is_zeros_for_sdxl_and_a_read_text_elsewhere(originals: dict[str, Any]) -> None:
    blank = originals["sdxl"].unconditional()
    assert blank.tokens.abs().max() == 0
    assert blank.pooled.abs().max() == 0
    assert originals["sdxl"].embed([""]).tokens.abs().max() > 0
    read = originals["sd1"]
    torch.testing.assert_close(read.unconditional().tokens, read.embed([""]).tokens)


def test_ends_points_at_the_first_end_token(originals: dict[str, Any]) -> None:
    for backbone in originals.values():
        assert backbone.ends(["", "a cat", "a red cat", "cat " * 99]).tolist() == [1, 3, 4, 76]


def test_cut_gives_what_does_not_fit_as_it_was_written(originals: dict[str, Any]) -> None:
    for backbone in originals.values():
        assert backbone.cut("Cat " * 75) == ""
        assert backbone.cut("cat " * 75 + "A Black  Dog ") == "A Black  Dog"
        assert backbone.cut("") == ""


def test_a_picture_of_another_shape_covers_the_size_asked_for(originals: dict[str, Any]) -> None:
    backbone = originals["sd1"]
    wide = Image.new("RGB", (64, 16), "black")
    wide.paste("white", (24, 0, 40, 16))  # only the middle is seen in a square
    ours = backbone.encode([wide], (16, 16))
    torch.testing.assert_close(
        ours, backbone.encode([Image.new("RGB", (16, 16), "white")], (16, 16))
    )
    assert backbone.encode([wide], (32, 16)).shape == (1, 4, 8, 16)
    assert backbone.encode([wide]).shape == (1, *backbone.latent)


def test_a_size_that_the_latents_cannot_have_is_refused(originals: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="multiples of 2 pixels, not 15 x 16"):
        originals["sd1"].encode([Image.new("RGB", (9, 9))], (15, 16))


def test_latents_are_scaled_and_shifted_as_the_vae_says(tinies: dict[str, Any]) -> None:
    tiny = tinies["sd1"]
    parts = tiny.parts().to(torch.device("cpu"), torch.float32)
    plain = StableDiffusion(parts, "plain")
    config = SimpleNamespace(**dict(tiny.vae.config) | {"scaling_factor": 2.0, "shift_factor": 0.5})
    config.get = lambda key, default=None: getattr(config, key, default)  # type: ignore[attr-defined]
    vae = SimpleNamespace(
        config=config, dtype=torch.float32, encode=parts.vae.encode, decode=parts.vae.decode
    )
    shifted = StableDiffusion(Parts(**{**vars(parts), "vae": vae}), "shifted")
    picture = Image.effect_noise((16, 16), 90).convert("RGB")
    raw = plain.encode([picture], (16, 16)) / 0.18215
    latents = shifted.encode([picture], (16, 16))
    torch.testing.assert_close(latents, (raw - 0.5) * 2)
    seen = [each.decode(z)[0].tobytes() for each, z in ((plain, raw * 0.18215), (shifted, latents))]
    worst = max(abs(a - b) for a, b in zip(*seen, strict=True))
    assert worst <= 1  # rounding


def test_weights_ask_for_no_gradient_but_inputs_may(originals: dict[str, Any]) -> None:
    backbone = originals["sd1"]
    noise = torch.zeros(1, 4, 8, 8, requires_grad=True)
    backbone.denoise(noise, torch.tensor(300), backbone.embed(["a cat"])).sum().backward()
    assert noise.grad is not None
    assert all(each.grad is None for each in backbone.unet.parameters())
