"""CLIP sees and reads as transformers' own code does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPModel

from lookalike.models.clip import Clip
from lookalike.models.preprocess import Preprocess
from lookalike.models.quiet import quiet
from lookalike.models.vision import load_clip
from tests.models.tiny_checkpoints import make_clip

SIZES = [(32, 32), (50, 40), (40, 50), (33, 97), (97, 33), (7, 5), (1, 1), (200, 33)]


@pytest.fixture(scope="module")
def whole(tinies: dict[str, Any]) -> CLIPModel:
    return make_clip(tinies["sd1"])


@pytest.fixture(scope="module")
def clip(
    whole: CLIPModel, tinies: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Clip:
    folder = tmp_path_factory.mktemp("clip")
    with quiet():
        whole.save_pretrained(folder)
    tinies["sd1"].tokenizers[0].save_pretrained(folder)
    return load_clip(folder, torch.device("cpu"), torch.float32)


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise)


@pytest.mark.parametrize("size", SIZES)
def test_cropped_pictures_are_prepared_as_transformers_prepares_them(size: tuple[int, int]) -> None:
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    side = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    theirs = CLIPImageProcessorPil(**side)(picture(*size), return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(Preprocess(32)([picture(*size)]), theirs, rtol=1e-5, atol=1e-5)


def test_an_endless_strip_is_seen_by_its_middle() -> None:
    strip = Image.new("L", (20_000, 2), 0)
    strip.paste(255, (9_990, 0, 10_010, 2))
    seen = Preprocess(32, mean=(0, 0, 0), deviation=(1, 1, 1))([strip])
    assert seen.shape == (1, 3, 32, 32)
    assert seen.min() == 1


def test_padding_and_squashing_keep_the_sides_that_a_crop_loses() -> None:
    wide = Image.new("RGB", (96, 32), "black")
    wide.paste("white", (0, 0, 16, 32))
    prepare = Preprocess(32, mean=(0.5, 0.5, 0.5), deviation=(0.5, 0.5, 0.5))
    assert prepare([wide], "crop").max() == -1
    assert prepare([wide], "squash")[..., 0].min() == 1
    padded = prepare([wide], "pad")
    assert padded.max() == 1
    assert padded[..., 0, :].abs().max() < 0.01  # the border is the mean: nothing to see


def test_a_preprocessor_config_is_followed() -> None:
    config = {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6], "resample": 2}
    made = Preprocess.of(config, 8)
    assert made == Preprocess(8, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 2)


def test_seeing_and_reading_equal_the_whole_model(clip: Clip, whole: CLIPModel) -> None:
    pictures, texts = [picture(40, 32), picture(32, 60, 1)], ["a cat", "a dog in the rain"]
    pixels = clip.preprocess(pictures)
    theirs = whole.vision_model(pixels).pooler_output
    seen = clip.see(pictures)
    torch.testing.assert_close(seen.pooled, theirs)
    torch.testing.assert_close(seen.projected, whole.visual_projection(theirs))
    ids = clip.tower.ids(texts)
    read = whole.text_model(ids)
    torch.testing.assert_close(clip.states(texts), read.last_hidden_state)
    placed = whole.text_projection(read.pooler_output)
    torch.testing.assert_close(clip.project(texts), placed / placed.norm(dim=-1, keepdim=True))
    ends = clip.states(texts)[torch.arange(2), clip.ends(texts)]
    torch.testing.assert_close(ends, read.pooler_output)


def test_projections_are_the_models_matrices_and_the_scale_is_a_factor(
    clip: Clip, whole: CLIPModel
) -> None:
    torch.testing.assert_close(clip.text_projection, whole.text_projection.weight.detach())
    torch.testing.assert_close(clip.visual_projection, whole.visual_projection.weight.detach())
    assert clip.text_projection.shape == (24, 32)
    assert clip.visual_projection.shape == (24, 40)
    assert clip.logit_scale == pytest.approx(whole.logit_scale.exp().item())


def test_many_pictures_and_texts_come_back_in_order(clip: Clip) -> None:
    colours = [Image.new("RGB", (8, 8), (index * 3, 0, 0)) for index in range(70)]
    torch.testing.assert_close(clip.see(colours).pooled[69:], clip.see(colours[69:]).pooled)
    texts = [f"number {index}" for index in range(70)]
    torch.testing.assert_close(clip.project(texts)[69:], clip.project(texts[69:]))


def test_towers_are_transformers_models_with_projection(clip: Clip) -> None:
    pixels = clip.preprocess([picture(32, 32)])
    seen = clip.see([picture(32, 32)])
    torch.testing.assert_close(clip.vision(pixels).image_embeds, seen.projected)
    embeds = clip.text(clip.tower.ids(["a cat"])).text_embeds
    torch.testing.assert_close(embeds / embeds.norm(), clip.project(["a cat"]))


def test_the_fingerprint_of_a_clip_is_that_of_its_weights(clip: Clip, tmp_path: Path) -> None:
    clip.text.save_pretrained(tmp_path)  # another model: other weights, another fingerprint
    from lookalike.models.hashing import files_sha256

    assert len(clip.sha256) == 64
    assert files_sha256([tmp_path / "model.safetensors"], tmp_path) != clip.sha256
