"""A checkpoint that cannot be used gets one clear line, before anything big is read."""

from __future__ import annotations

import json
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lookalike.core.errors import ModelError
from lookalike.models.catalogue import resolve
from lookalike.models.store import Models

UNET, VAE = "model.diffusion_model.", "first_stage_model."
TEXT = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
WHOLE = {
    f"{UNET}input_blocks.0.0.weight": (8, 4, 3, 3),
    f"{VAE}decoder.conv_in.weight": (8, 4, 3, 3),
    TEXT: (10, 8),
}


def refusal(name: str | Path) -> str:
    """What a person is told: one line, whichever step finds out."""
    with pytest.raises(ModelError) as caught, Models("cpu").use(str(name)):
        pass
    line = str(caught.value)
    assert "\n" not in line
    assert 20 < len(line) < 400
    return line


def write(path: Path, shapes: dict[str, tuple[int, ...]]) -> Path:
    save_file({name: torch.zeros(shape) for name, shape in shapes.items()}, path)
    return path


@pytest.mark.parametrize(
    ("shapes", "line"),
    [
        ({"lora_unet_mid_block.lora_up.weight": (4, 4)}, "is a LoRA, not a whole checkpoint"),
        ({"unet.mid_block.attn1.to_q.lora_A.weight": (4, 4)}, "is a LoRA"),
        ({f"{UNET}joint_blocks.0.x_block.attn.qkv.weight": (4, 4)}, "Stable Diffusion 3"),
        ({f"{UNET}double_blocks.0.img_attn.qkv.weight": (4, 4)}, "a Flux checkpoint"),
        ({"double_blocks.0.img_attn.qkv.weight": (4, 4)}, "a Flux checkpoint; lookalike knows SD"),
        ({"control_model.input_blocks.0.0.weight": (4, 4)}, "a ControlNet"),
        ({"emb_params": (2, 8)}, "is not a Stable Diffusion checkpoint"),
        ({"down_blocks.0.resnets.0.conv1.weight": (4, 4)}, "is one part of a checkpoint"),
        ({f"{UNET}input_blocks.0.0.weight": (8, 4, 3, 3)}, "has no VAE"),
        ({key: WHOLE[key] for key in list(WHOLE)[:2]}, "has no text encoder"),
        (WHOLE | {f"{UNET}input_blocks.0.0.weight": (8, 5, 3, 3)}, "another model: .* 5 "),
        (WHOLE | {f"{UNET}input_blocks.0.0.weight": (8, 8, 3, 3)}, r"picture-editing"),
        (WHOLE, "lacks tensors that it needs, such as"),
        (
            {key: WHOLE[key] for key in list(WHOLE)[:2]}
            | {"conditioner.embedders.0.model.ln_final.weight": (8,)},
            "is an SDXL refiner",
        ),
    ],
)
def test_other_kinds_of_file_are_named_for_what_they_are(
    shapes: dict[str, tuple[int, ...]], line: str, tmp_path: Path
) -> None:
    told = refusal(write(tmp_path / "some.safetensors", shapes))
    assert str(tmp_path / "some.safetensors") in told
    assert re.search(line, told), told


def cut_header(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def cut_data(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def garble(path: Path) -> None:
    path.write_bytes(b"\x10" + bytes(7) + b"not json at all!")


@pytest.mark.parametrize(
    ("harm", "line"),
    [
        (cut_header, "is cut short in its header; fetch it again"),
        (cut_data, "is cut short: 100 bytes are missing; fetch it again"),
        (garble, "is not a .safetensors file"),
        (lambda path: path.write_bytes(b""), "is not a .safetensors file"),
        (lambda path: path.write_bytes(b"<html>404</html>"), "is not a .safetensors file"),
        (lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1"), "git lfs"),
        (lambda path: path.write_bytes(pickle.dumps({"state_dict": 1})), "is a pickled checkpoint"),
        (lambda path: torch.save({"x": torch.zeros(1)}, path), "is a pickled checkpoint under"),
    ],
)
def test_a_damaged_or_disguised_file_is_recognised(
    harm: Callable[[Path], object], line: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "some.safetensors", WHOLE)
    harm(path)
    assert line in refusal(path)


@pytest.mark.parametrize("suffix", ["ckpt", "bin", "pt", "pth"])
def test_a_pickled_checkpoint_is_refused_by_its_name_and_never_opened(
    suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"some.{suffix}"
    path.write_bytes(b"")
    assert "is a pickled checkpoint, which can run programs when opened" in refusal(path)
    assert "is a pickled checkpoint" in refusal(tmp_path / f"absent.{suffix}")


@pytest.mark.parametrize("name", ["./absent.safetensors", "/no/such/folder", "absent.safetensors"])
def test_a_missing_path_is_called_missing(name: str) -> None:
    assert f"there is no model {name}" in refusal(name)


@pytest.fixture
def folder(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A good diffusers folder to spoil."""
    shutil.copytree(folders["sd1"], tmp_path / "model")
    return tmp_path / "model"


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_folder_that_is_no_checkpoint_says_what_it_lacks(tmp_path: Path) -> None:
    assert "has no model_index.json" in refusal(tmp_path)
    write(tmp_path / "some.safetensors", WHOLE)
    assert "for a single file name the file itself, such as some.safetensors" in refusal(tmp_path)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "tokenizer", "scheduler"])
def test_a_folder_without_a_part_says_which(part: str, folder: Path) -> None:
    shutil.rmtree(folder / part)
    assert part in refusal(folder)


def test_a_folder_without_a_text_encoder_in_its_index_is_incomplete(folder: Path) -> None:
    edit(folder / "model_index.json", text_encoder=[None, None])
    assert "has no text encoder" in refusal(folder)


def test_a_folder_of_another_family_is_named_for_what_it_is(folder: Path) -> None:
    index = {"_class_name": "FluxPipeline", "transformer": ["diffusers", "FluxTransformer2DModel"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    assert "is a FluxPipeline checkpoint; lookalike knows SD 1.x" in refusal(folder)


def test_a_folder_whose_unet_reads_more_than_latents_is_named_for_what_it_is(folder: Path) -> None:
    edit(folder / "unet" / "config.json", in_channels=8)
    assert "(InstructPix2Pix) model: its U-Net takes 8 channels instead of 4" in refusal(folder)


def test_a_folder_of_pickles_alone_is_refused(folder: Path) -> None:
    for file in (folder / "unet").glob("*.safetensors"):
        file.rename(file.with_suffix(".bin"))
    assert "is a pickled checkpoint" in refusal(folder)


def test_a_truncated_part_of_a_folder_is_named(folder: Path) -> None:
    file = folder / "text_encoder" / "model.safetensors"
    cut_data(file)
    assert f"{file} is cut short" in refusal(folder)


def test_a_missing_shard_is_counted(folder: Path) -> None:
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    file.rename(file.with_name("diffusion_pytorch_model-00001-of-00003.safetensors"))
    assert "holds 1 of 3 weight files" in refusal(folder)


@pytest.mark.parametrize("part", ["unet", "text_encoder"])
def test_weights_that_do_not_fit_their_config_are_refused(part: str, folder: Path) -> None:
    file = next((folder / part).glob("*.safetensors"))
    weights = load_file(file)
    weights.pop(sorted(weights)[3])
    save_file(weights, file, metadata={"format": "pt"})
    assert "lacks weights that its config asks for" in refusal(folder)


def test_a_config_of_another_width_is_refused(folder: Path) -> None:
    edit(folder / "unet" / "config.json", cross_attention_dim=48)
    assert str(folder / "unet") in refusal(folder)


def test_a_damaged_config_is_named(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text("{")
    assert str(folder / "unet" / "config.json") in refusal(folder)


def test_another_kind_of_sampling_is_refused(folder: Path) -> None:
    edit(folder / "scheduler" / "scheduler_config.json", _class_name="EDMEulerScheduler")
    assert "another kind of sampling (EDMEulerScheduler)" in refusal(folder)


def test_a_single_file_with_a_tensor_less_says_which(
    files: dict[str, Path], tmp_path: Path
) -> None:
    weights = load_file(files["sd2"])
    weights.pop("model.diffusion_model.middle_block.0.out_layers.3.bias")
    save_file(weights, tmp_path / "less.safetensors")
    assert "there is no mid_block.resnets.0.conv2.bias" in refusal(tmp_path / "less.safetensors")


def test_a_hub_that_cannot_be_reached_is_said_so() -> None:
    line = refusal("someone/never-fetched")
    assert line == (
        "cannot fetch someone/never-fetched from the hub: "
        "the hub cannot be reached, and no complete copy is in the cache"
    )


def test_an_unknown_name_says_what_is_at_hand(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKALIKE_MODELS", str(files["sd1"].parent))
    line = refusal("sdlx")
    assert "there is no model 'sdlx'; did you mean sdxl?" in line
    assert "sd1, sd2, sdxl" in line


def test_a_lost_folder_of_models_is_mentioned_with_the_name_that_is_not_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOOKALIKE_MODELS", str(tmp_path / "gone"))
    with pytest.raises(ModelError, match=r"LOOKALIKE_MODELS names .*gone, which is not there"):
        resolve("nonsense")
