"""A checkpoint without a vision tower gets its own CLIP, and no other."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from lookalike.core.errors import ModelError
from lookalike.models.quiet import quiet
from lookalike.models.store import Models
from lookalike.models.vision import MATCHING
from tests.models.hub_cache import put_into_cache
from tests.models.tiny_checkpoints import FAMILIES, Tiny, make_clip, make_tiny

PICTURE = Image.effect_noise((40, 32), 90).convert("RGB")


def save_clip(tiny: Tiny, folder: Path) -> Path:
    with quiet():
        make_clip(tiny, extra_layers=tiny.family == "sd2").save_pretrained(folder)
    return folder


@pytest.mark.parametrize("family", FAMILIES)
def test_a_named_clip_gives_the_checkpoint_eyes(
    family: str, tinies: dict[str, Any], files: dict[str, Path], tmp_path: Path
) -> None:
    folder = save_clip(tinies[family], tmp_path / "clip")
    with Models("cpu", clip=str(folder)).use(str(files[family])) as backbone:
        assert backbone.has_clip
        clip = backbone.clip
        assert clip.see([PICTURE]).projected.shape == (1, clip.text_projection.shape[0])
        assert backbone.clip is clip
        # The checkpoint's own tokenizer serves where the CLIP's folder has none.
        assert clip.ends(["a cat"]).tolist() == [3]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_clip_with_another_text_tower_is_refused(
    family: str, files: dict[str, Path], tmp_path: Path
) -> None:
    folder = save_clip(make_tiny(family, seed=5), tmp_path / "other")
    with (
        Models("cpu", clip=str(folder)).use(str(files[family])) as backbone,
        pytest.raises(ModelError, match=r"is not the CLIP of .* --clip"),
    ):
        _ = backbone.clip


def test_a_text_tower_tuned_ever_so_little_is_another(
    tinies: dict[str, Any], files: dict[str, Path], tmp_path: Path
) -> None:
    whole = make_clip(tinies["sd1"])
    with torch.no_grad():
        whole.text_model.encoder.layers[1].mlp.fc2.weight *= 1.05
    with quiet():
        whole.save_pretrained(tmp_path)
    with (
        Models("cpu", clip=str(tmp_path)).use(str(files["sd1"])) as backbone,
        pytest.raises(ModelError, match=r"differ in encoder\.layers\.1\.mlp\.fc2\.weight"),
    ):
        _ = backbone.clip


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_clip_stored_in_half_precision_is_still_the_same(
    dtype: torch.dtype, tinies: dict[str, Any], files: dict[str, Path], tmp_path: Path
) -> None:
    with quiet():
        make_clip(tinies["sd1"]).to(dtype).save_pretrained(tmp_path)
    with Models("cpu", clip=str(tmp_path)).use(str(files["sd1"])) as backbone:
        assert backbone.clip.see([PICTURE]).pooled.shape == (1, 40)


def test_the_matching_clip_comes_from_the_hubs_cache(
    tinies: dict[str, Any], files: dict[str, Path], tmp_path: Path
) -> None:
    put_into_cache(save_clip(tinies["sd2"], tmp_path / "clip"), MATCHING["sd2"])
    with Models("cpu").use(str(files["sd2"])) as backbone:
        assert backbone.has_clip
        assert backbone.clip.see([PICTURE]).pooled.shape == (1, 40)


def test_without_its_clip_a_model_draws_and_says_what_it_lacks(files: dict[str, Path]) -> None:
    with Models("cpu").use(str(files["sd1"])) as backbone:
        assert not backbone.has_clip
        assert len(backbone.embed(["a cat"])) == 1
        with pytest.raises(ModelError) as caught:
            _ = backbone.clip
    line = str(caught.value)
    assert "no vision tower" in line
    assert MATCHING["sd1"] in line
    assert "--clip" in line
    assert "\n" not in line


def test_a_folder_may_carry_its_clip_and_its_eyes_preparation(
    tinies: dict[str, Any], folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "whole"
    shutil.copytree(folders["sd1"], folder)
    save_clip(tinies["sd1"], folder / "clip")
    (folder / "feature_extractor").mkdir()
    settings = '{"image_mean": [0.25, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}'
    (folder / "feature_extractor" / "preprocessor_config.json").write_text(settings)
    with Models("cpu").use(str(folder)) as backbone:
        assert backbone.has_clip
        assert backbone.clip.preprocess.mean == (0.25, 0.5, 0.5)
        assert backbone.clip.preprocess.side == 32
    with (
        Models("cpu").use(str(folder)) as backbone,
        Models("cpu", clip=str(folder)).use(str(folders["sd1"])) as named,
    ):
        assert named.clip.sha256 == backbone.clip.sha256


@pytest.mark.parametrize(
    ("named", "line"),
    [
        ("./nowhere", r"there is no CLIP \./nowhere: name a folder or a hub id"),
        ("someone/absent", "cannot fetch someone/absent from the hub"),
    ],
)
def test_a_clip_that_is_not_there_is_said_in_one_line(
    named: str, line: str, files: dict[str, Path]
) -> None:
    with (
        Models("cpu", clip=named).use(str(files["sd1"])) as backbone,
        pytest.raises(ModelError, match=line),
    ):
        _ = backbone.clip


def test_a_folder_that_is_no_clip_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with (
        Models("cpu", clip=str(tmp_path)).use(str(files["sd1"])) as backbone,
        pytest.raises(ModelError, match="is not a CLIP model with both towers"),
    ):
        _ = backbone.clip


@pytest.mark.parametrize("family", FAMILIES)
def test_text_weights_that_a_clip_and_its_checkpoint_share_are_kept_once(
    family: str, tinies: dict[str, Any], folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = save_clip(tinies[family], tmp_path / "clip")
    with Models("cpu", clip=str(folder)).use(str(folders[family])) as backbone:
        before = backbone.embed(["a cat"]).tokens
        clip, tower = backbone.clip, backbone.towers[-1].model
        ours = {each.data_ptr() for each in tower.parameters()}
        theirs = {each.data_ptr() for each in clip.text.parameters()}
        # The projection of SD 1.x and 2.x is their CLIP's alone, and SD 2.x lacks a layer.
        assert ours <= theirs
        assert clip.project(["a cat"]).isfinite().all()
        assert torch.equal(backbone.embed(["a cat"]).tokens, before)
