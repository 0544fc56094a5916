"""IP-Adapter files: which of them are taken, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from benchmarks.adapters import adapter_tensors, save_adapter
from lookalike.core.errors import LookalikeError
from lookalike.models.ip_adapter import adapter_of, fingerprints, read_adapter
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import noise_picture, tiny_backbone
from tests.models.tiny_checkpoints import make_clip, make_tiny

SHARED = 24  # how wide the small CLIP's projection is


@pytest.fixture(scope="module")
def backbone() -> LatentDiffusion:
    """A random SD 1 backbone; not to be changed by a test."""
    return tiny_backbone()


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The vision tower of that backbone's CLIP alone, as a folder."""
    folder = tmp_path_factory.mktemp("encoders") / "image_encoder"
    tiny_backbone().clip.vision.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("kind", "reads", "width"),
    [("plain", "projected", 24), ("full", "states", 40), ("plus", "states", 40)],
)
def test_a_file_says_what_it_reads(
    backbone: LatentDiffusion, tmp_path: Path, kind: str, reads: str, width: int
) -> None:
    found = read_adapter(save_adapter(tmp_path / "a.safetensors", backbone.unet, width, kind))
    assert (found.reads, found.width, found.told) == (reads, width, backbone.width)


def test_an_adapter_is_kept_until_its_file_changes(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    path = save_adapter(tmp_path / "a.safetensors", backbone.unet, SHARED)
    first = adapter_of(backbone, str(path), None)
    assert adapter_of(backbone, str(path), None) is first
    path.unlink()
    save_adapter(path, backbone.unet, SHARED, seed=1)
    other = adapter_of(backbone, str(path), None)
    pictures = [noise_picture()]
    assert not torch.allclose(first.tokens(pictures), other.tokens(pictures), atol=1e-3)


def test_an_encoder_folder_sees_as_the_models_own_tower(
    backbone: LatentDiffusion, tmp_path: Path, tower: Path
) -> None:
    whole = tmp_path / "clip"
    make_clip(make_tiny("sd1")).save_pretrained(whole)
    pictures = [noise_picture(), noise_picture(48, 32, seed=1)]
    for kind, width in (("plain", SHARED), ("plus", 40)):
        path = str(save_adapter(tmp_path / f"{kind}.safetensors", backbone.unet, width, kind))
        own = adapter_of(backbone, path, None)
        for folder in (tower, whole):
            named = adapter_of(backbone, path, str(folder))
            torch.testing.assert_close(named.tokens(pictures), own.tokens(pictures))
            torch.testing.assert_close(named.blank(), own.blank())


def test_fingerprints_tell_files_apart(
    backbone: LatentDiffusion, tmp_path: Path, tower: Path
) -> None:
    a = str(save_adapter(tmp_path / "a.safetensors", backbone.unet, SHARED))
    b = str(save_adapter(tmp_path / "b.safetensors", backbone.unet, SHARED, seed=1))
    found = fingerprints(a, str(tower))
    assert set(found) == {a, str(tower)}
    assert len({*found.values(), *fingerprints(b, None).values()}) == 3


def text(path: Path, _: Any) -> Path:
    path.write_text("no weights at all")
    return path


def pickled(path: Path, _: Any) -> Path:
    torch.save({"image_proj": {}, "ip_adapter": {}}, path.with_suffix(".bin"))
    return path.with_suffix(".bin")


def pickled_under_another_name(path: Path, _: Any) -> Path:
    torch.save({"image_proj": {}, "ip_adapter": {}}, path)
    return path


def other_weights(path: Path, _: Any) -> Path:
    save_file({"lora.up.weight": torch.zeros(2, 2)}, path)
    return path


def unknown_kind(path: Path, unet: Any) -> Path:
    tensors = adapter_tensors(unet, SHARED)
    save_file(
        {
            k.replace("proj.weight", "odd.weight").replace("norm", "odd"): v
            for k, v in tensors.items()
        },
        path,
    )
    return path


def for_sdxl(path: Path, _: Any) -> Path:
    return save_adapter(path, make_tiny("sdxl").unet, 48)


def with_fewer_layers(path: Path, unet: Any) -> Path:
    tensors = adapter_tensors(unet, SHARED)
    save_file({k: v for k, v in tensors.items() if not k.startswith("ip_adapter.1.")}, path)
    return path


def with_a_wider_layer(path: Path, unet: Any) -> Path:
    tensors = adapter_tensors(unet, SHARED)
    save_file(tensors | {"ip_adapter.3.to_v_ip.weight": torch.zeros(64, 32)}, path)
    return path


def without_a_bias(path: Path, unet: Any) -> Path:
    tensors = adapter_tensors(unet, SHARED)
    save_file({k: v for k, v in tensors.items() if k != "image_proj.proj.bias"}, path)
    return path


def cut_short(path: Path, unet: Any) -> Path:
    save_adapter(path, unet, SHARED)
    path.write_bytes(path.read_bytes()[:-100])
    return path


def for_faces(path: Path, unet: Any) -> Path:
    return save_adapter(path, unet, 16, "face-id")


def of_another_tower(path: Path, unet: Any) -> Path:
    return save_adapter(path, unet, 32)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (text, "is not a .safetensors file"),
        (pickled, "is a pickled checkpoint"),
        (pickled_under_another_name, "is a pickled checkpoint under another name"),
        (other_weights, "is not an IP-Adapter: it lacks"),
        (unknown_kind, "of a kind that is not known here"),
        (for_sdxl, "for another model than tiny: its tokens are 96 wide, not 32"),
        (with_fewer_layers, "it is for 3 cross-attention layers, not 4"),
        (with_a_wider_layer, r"ip_adapter.3.to_v_ip.weight should be"),
        (without_a_bias, "lacks weights that it should have, such as image_embeds.bias"),
        (cut_short, "is cut short"),
        (for_faces, "is a FaceID adapter: it reads a face model"),
        (
            of_another_tower,
            "projection are 32 wide; those of tiny's CLIP are 24: name .* --adapter-encoder",
        ),
        (lambda path, _: path, "there is no weight file"),
        (lambda path, _: path.parent, "Is a directory"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(
    backbone: LatentDiffusion, tmp_path: Path, made: Callable[[Path, Any], Path], said: str
) -> None:
    path = made(tmp_path / "adapter.safetensors", backbone.unet)
    with pytest.raises(LookalikeError, match=said) as raised:
        adapter_of(backbone, str(path), None)
    assert "\n" not in str(raised.value)
    assert str(path) in str(raised.value)


def test_without_weights_it_says_how_to_name_them(backbone: LatentDiffusion) -> None:
    with pytest.raises(LookalikeError, match="name a file with --adapter"):
        adapter_of(backbone, "", None)


def no_folder(folder: Path, _: Path) -> None:
    """Nothing is there."""


def text_model(folder: Path, _: Path) -> None:
    make_tiny("sd1").texts[0].save_pretrained(folder)


def pickled_tower(folder: Path, tower: Path) -> None:
    folder.mkdir()
    (folder / "config.json").write_bytes((tower / "config.json").read_bytes())
    torch.save(load_file(tower / "model.safetensors"), folder / "pytorch_model.bin")


def wider_tower(folder: Path, _: Path) -> None:
    tiny_backbone("sdxl").clip.vision.save_pretrained(folder)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (no_folder, "there is no folder"),
        (text_model, "is not a CLIP, nor the vision tower of one"),
        (pickled_tower, "is a pickled checkpoint"),
        (wider_tower, "projection are 24 wide; those of .* are 48"),
    ],
)
def test_a_wrong_encoder_is_refused_in_one_line(
    backbone: LatentDiffusion,
    tmp_path: Path,
    tower: Path,
    made: Callable[[Path, Path], None],
    said: str,
) -> None:
    made(tmp_path / "encoder", tower)
    path = save_adapter(tmp_path / "adapter.safetensors", backbone.unet, SHARED)
    with pytest.raises(LookalikeError, match=said) as raised:
        adapter_of(backbone, str(path), str(tmp_path / "encoder"))
    assert "\n" not in str(raised.value)
