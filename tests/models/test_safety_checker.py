"""A checkpoint's own safety checker is loaded from safetensors, and says what it always would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from lookalike.core.errors import ModelError
from lookalike.models import safety_checker
from lookalike.models.preprocess import Preprocess
from lookalike.models.quiet import quiet
from lookalike.models.safety_checker import find_checker, load_checker

CPU = torch.device("cpu")
SMALL = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
CONFIG = CLIPConfig(
    text_config=SMALL | {"num_attention_heads": 1},
    vision_config=SMALL | {"num_attention_heads": 1, "image_size": 16, "patch_size": 8},
    projection_dim=8,
)
COLOURS = ("red", "lime", "blue", "black", "white", "#884400")
SHOWN = [Image.new("RGB", (20 + each, 30), colour) for each, colour in enumerate(COLOURS)]


def made(folder: Path, threshold: float | None = None) -> StableDiffusionSafetyChecker:
    """A small random checker in a folder; without a threshold it flags about a half."""
    torch.manual_seed(5)
    with quiet():
        model = StableDiffusionSafetyChecker(CONFIG).eval()
        for name in ("concept_embeds", "special_care_embeds"):
            getattr(model, name).data.normal_()
        for each in (model.concept_embeds_weights, model.special_care_embeds_weights):
            each.data.fill_(2.0 if threshold is None else threshold)
        if threshold is None:
            model.concept_embeds_weights.data[0] = halfway(model)
        model.save_pretrained(folder / "safety_checker")
        size = {"size": {"shortest_edge": 16}, "crop_size": {"height": 16, "width": 16}}
        CLIPImageProcessorPil(**size).save_pretrained(folder / "feature_extractor")
    return model


def halfway(model: StableDiffusionSafetyChecker) -> float:
    """A threshold of the first concept that some of the pictures are above."""
    shown = Preprocess(16)(SHOWN)
    with torch.no_grad():
        places = model.visual_projection(model.vision_model(shown)[1])
        near = torch.cosine_similarity(places, model.concept_embeds[:1])
    return float(near.median()) + 1e-4


def own_word(model: StableDiffusionSafetyChecker, folder: Path) -> list[bool]:
    with quiet():
        extractor = CLIPImageProcessorPil.from_pretrained(folder / "feature_extractor")
        shown = extractor(SHOWN, return_tensors="pt").pixel_values
        return model(shown, [np.zeros(1) for _ in SHOWN])[1]


@pytest.mark.parametrize(("threshold", "wrong"), [(-2.0, True), (2.0, False)])
def test_what_is_above_the_checkers_threshold_is_told(
    tmp_path: Path, threshold: float, wrong: bool
) -> None:
    made(tmp_path, threshold)
    assert load_checker(tmp_path, CPU)(SHOWN) == [wrong] * len(SHOWN)
    assert load_checker(tmp_path, CPU)([]) == []


def nested(folder: Path) -> None:
    """Name the weights as the published files do."""
    [path] = (folder / "safety_checker").glob("*.safetensors")
    before = load_file(path)
    assert any(name.startswith("vision_model.") for name in before)
    after = {
        name.replace("vision_model.", "vision_model.vision_model.", 1): each
        for name, each in before.items()
    }
    save_file(after, path, metadata={"format": "pt"})


def halved(folder: Path) -> None:
    [path] = (folder / "safety_checker").glob("*.safetensors")
    save_file({name: each.half() for name, each in load_file(path).items()}, path)


@pytest.mark.parametrize("change", [lambda _: None, nested, halved])
def test_it_says_what_diffusers_own_says(tmp_path: Path, change: Callable[[Path], None]) -> None:
    wanted = own_word(made(tmp_path), tmp_path)
    assert True in wanted
    assert False in wanted
    change(tmp_path)
    assert load_checker(tmp_path, CPU)(SHOWN) == wanted


def test_a_checkpoint_without_one_has_none(tmp_path: Path) -> None:
    assert find_checker(tmp_path, str(tmp_path), CPU) is None
    assert find_checker(None, "mini", CPU) is None


def test_one_that_is_pickled_is_refused_and_pictures_do_not_go_unchecked(tmp_path: Path) -> None:
    made(tmp_path)
    [path] = (tmp_path / "safety_checker").glob("*.safetensors")
    path.rename(path.with_name("pytorch_model.bin"))
    with pytest.raises(ModelError, match="pickled checkpoint"):
        find_checker(tmp_path, str(tmp_path), CPU)


def test_one_whose_extractor_lacks_is_refused(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "feature_extractor" / "preprocessor_config.json").unlink()
    with pytest.raises(ModelError, match="no feature_extractor: the checkpoint is incomplete"):
        load_checker(tmp_path, CPU)


def test_that_of_a_checkpoint_of_the_hub_is_fetched_when_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "fetched", -2.0)
    (tmp_path / "snapshot" / "safety_checker").mkdir(parents=True)
    config = Path("safety_checker") / "config.json"
    (tmp_path / "snapshot" / config).write_bytes((tmp_path / "fetched" / config).read_bytes())
    asked: list[str] = []

    def fetch(place: str) -> Path:
        asked.append(place)
        return tmp_path / "fetched"

    monkeypatch.setattr(safety_checker, "fetch_checker", fetch)
    found = find_checker(tmp_path / "snapshot", "someone/diffusion", CPU)
    assert found is not None
    assert found(SHOWN[:1]) == [True]
    assert asked == ["someone/diffusion"]
