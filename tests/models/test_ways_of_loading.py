"""A checkpoint means the same however it is stored and named."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.original_layout import save_original
from lookalike.models.backbone import Backbone
from lookalike.models.sd import StableDiffusion
from lookalike.models.sdxl import StableDiffusionXL
from lookalike.models.spec import ModelSpec
from lookalike.models.store import Models
from tests.models.hub_cache import put_into_cache
from tests.models.tiny_checkpoints import FAMILIES, make_tiny

TEXTS = ["a red cat", "", "two dogs " * 60]
PLACE = "someone/tiny-model"


def saved(way: str, family: str, request: pytest.FixtureRequest) -> str:
    if way == "file":
        return str(request.getfixturevalue("files")[family])
    folder = request.getfixturevalue("folders")[family]
    if way == "hub":
        put_into_cache(folder, PLACE)
        return PLACE
    return str(folder)


def assert_same(loaded: Backbone, original: Backbone, tolerance: float = 0.0) -> None:
    near = {"rtol": tolerance, "atol": tolerance}
    ours, theirs = loaded.embed(TEXTS), original.embed(TEXTS)
    torch.testing.assert_close(ours.tokens, theirs.tokens, **near)
    torch.testing.assert_close(ours.pooled, theirs.pooled, **near)
    noise = torch.randn(3, *original.latent[:1], 8, 8, generator=torch.Generator().manual_seed(1))
    for level in (999, 500, 1):
        args = noise, torch.tensor(level)
        torch.testing.assert_close(
            loaded.denoise(*args, ours), original.denoise(*args, theirs), **near
        )
    picture = Image.effect_noise((24, 16), 90).convert("RGB")
    latents = loaded.encode([picture], (24, 16))
    torch.testing.assert_close(latents, original.encode([picture], (24, 16)), **near)
    assert loaded.decode(latents)[0].tobytes() == original.decode(latents)[0].tobytes()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("way", ["folder", "hub", "file"])
def test_every_way_of_loading_gives_the_original_again(
    way: str, family: str, originals: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    with Models("cpu").use(saved(way, family, request)) as backbone:
        assert backbone.family == family
        assert backbone.dtype == torch.float32
        assert backbone.latent == originals[family].latent
        assert backbone.width == originals[family].width
        assert backbone.space == originals[family].space
        assert_same(backbone, originals[family])


def test_a_float16_file_runs_in_float32_on_the_cpu(tmp_path: Path) -> None:
    tiny = make_tiny("sdxl")
    path = save_original(tiny, tmp_path / "half.safetensors", torch.float16)
    for part in (tiny.unet, tiny.vae, *tiny.texts):
        part.half().float()  # what float16 keeps of it
    rounded = StableDiffusionXL(tiny.parts().to(torch.device("cpu"), torch.float32))
    with Models("cpu").use(str(path)) as half:
        assert half.dtype == half.vae.dtype == torch.float32
        assert half.space == rounded.space
        assert_same(half, rounded)


def test_a_folder_of_float16_variants_or_shards_loads(tmp_path: Path) -> None:
    tiny = make_tiny("sd1")
    for part in (tiny.unet, tiny.vae, *tiny.texts):
        part.half().float()
    original = StableDiffusion(tiny.parts().to(torch.device("cpu"), torch.float32))
    sharded = tiny.save(tmp_path / "sharded")
    for part, kind in ((tiny.unet, "unet"), (tiny.texts[0], "text_encoder")):
        for file in (sharded / kind).glob("*.safetensors"):
            file.unlink()
        part.save_pretrained(sharded / kind, max_shard_size="1MB")
        assert len(list((sharded / kind).glob("*-of-*.safetensors"))) > 1
    small = make_tiny("sd1")
    for part in (small.unet, small.vae, *small.texts):
        part.half()
    half = small.save(tmp_path / "half", variant="fp16")
    assert [file.name for file in (half / "vae").glob("*.safetensors")] == [
        "diffusion_pytorch_model.fp16.safetensors"
    ]
    models = Models("cpu")
    for folder in (half, sharded):
        with models.use(str(folder)) as backbone:
            assert_same(backbone, original)


@pytest.mark.parametrize(
    ("dtype", "vae"),
    [("bfloat16", torch.bfloat16), ("float16", torch.float32)],
)
def test_half_precision_stays_near_and_sdxls_vae_stays_exact_in_float16(
    folders: dict[str, Path],
    originals: dict[str, Any],
    dtype: Literal["bfloat16", "float16"],
    vae: torch.dtype,
) -> None:
    exact = originals["sdxl"]
    with Models("cpu", dtype).use(str(folders["sdxl"])) as backbone:
        assert backbone.unet.dtype == getattr(torch, dtype)
        assert backbone.vae.dtype == vae
        assert backbone.space == exact.space
        noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
        clean = [
            each.denoise(noise, torch.tensor(500), each.embed(["a cat"]))
            for each in (backbone, exact)
        ]
        assert clean[0].dtype == torch.float32
        torch.testing.assert_close(*clean, rtol=0.1, atol=0.1)


def test_a_vae_that_overflows_float16_goes_on_in_float32(folders: dict[str, Path]) -> None:
    latents = 10 * torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with Models("cpu").use(str(folders["sd1"])) as exact:
        weight = exact.vae.post_quant_conv.weight
        weight *= 3e4 / weight.abs().max()  # in bounds, while what comes of it is not
        wanted = exact.decode(latents)
        exact.vae.half()
        found = exact.decode(latents)
        assert exact.vae.dtype == torch.float32
    assert np.abs(np.asarray(found[0], int) - np.asarray(wanted[0])).max() <= 8


def test_pictures_are_decoded_alike_together_and_alone(folders: dict[str, Path]) -> None:
    latents = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with Models("cpu").use(str(folders["sd1"])) as backbone:
        together = backbone.decode(latents)
        alone = [backbone.decode(one[None])[0] for one in latents]
    for a, b in zip(together, alone, strict=True):
        assert np.abs(np.asarray(a, int) - np.asarray(b)).max() <= 1


def test_a_hub_model_is_loaded_once_whether_fetched_just_now_or_before(
    folders: dict[str, Path], originals: dict[str, Any]
) -> None:
    put_into_cache(folders["sd1"], PLACE)
    models = Models("cpu")
    with models.use(ModelSpec(name="new", source=f"hub:{PLACE}")) as first:
        assert first.folder is not None
    with models.use(PLACE) as again:
        assert again is first


@pytest.mark.slow
def test_loading_says_nothing(folders: dict[str, Path], capfd: pytest.CaptureFixture[str]) -> None:
    with Models("cpu").use(str(folders["sd2"])) as backbone:
        backbone.embed(["a cat"])
        backbone.scheduler(3)
    assert capfd.readouterr() == ("", "")
