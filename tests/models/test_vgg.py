"""VGG: files of any naming, refusals in one line, and a packaged trunk that sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from lookalike.core.errors import ModelError, OptionError
from lookalike.models import vgg_file
from lookalike.models.vgg import Vgg
from lookalike.models.vgg_conversion import converted
from lookalike.models.vgg_file import places, read_convolutions
from lookalike.restyle.pixels import tensor
from lookalike.world.look import draw
from lookalike.world.render import render


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Few channels, except where the packaged weights are read."""
    if "packaged" not in request.node.name:
        monkeypatch.setattr(vgg_file, "WIDTHS", (2, 3, 4, 4, 4))


def weights(count: int, name: str = "conv{place}") -> dict[str, Tensor]:
    generator, inner, found = torch.Generator().manual_seed(0), 3, dict[str, Tensor]()
    number = 0
    for place in places(count):
        if place.endswith("_1") and place != "1_1":
            number += 1  # the pooling, which torchvision counts too
        outer = vgg_file.WIDTHS[int(place[0]) - 1]
        said = name.format(place=place, number=number)
        found[f"{said}.weight"] = torch.randn(outer, inner, 3, 3, generator=generator) / 3
        found[f"{said}.bias"] = torch.zeros(outer)
        inner, number = outer, number + 2
    return found


@pytest.mark.parametrize(("count", "name"), [(13, "vgg16"), (16, "vgg19")])
@pytest.mark.parametrize("naming", ["conv{place}", "features.{number}"])
def test_both_vggs_are_read_in_both_namings(
    tmp_path: Path, count: int, name: str, naming: str
) -> None:
    held = weights(count, naming)
    held["classifier.0.weight"] = torch.zeros(3, 4)
    save_file(held, tmp_path / "x.safetensors")
    read = Vgg.load(tmp_path / "x.safetensors")
    assert read.name == name
    assert read.input == ("torchvision" if naming.startswith("features") else "caffe")
    last = f"5_{4 if count == 16 else 3}"
    torch.testing.assert_close(read.convolutions[last][0], list(held.values())[2 * count - 2])


def test_a_note_in_the_file_says_what_input_it_wants(tmp_path: Path) -> None:
    save_file(weights(16, "features.{number}"), tmp_path / "x.safetensors", {"input": "caffe"})
    assert read_convolutions(tmp_path / "x.safetensors").input == "caffe"
    save_file(weights(16), tmp_path / "x.safetensors", {"input": "odd"})
    with pytest.raises(ModelError, match="wants the input 'odd'; caffe and torchvision are known"):
        read_convolutions(tmp_path / "x.safetensors")


def _without_bias(held: dict[str, Tensor]) -> None:
    held.pop("conv3_2.bias")


def _with_norms(held: dict[str, Tensor]) -> None:
    held["features.1.running_mean"] = torch.zeros(2)


def _too_few(held: dict[str, Tensor]) -> None:
    held.pop("conv3_2.weight")


def _too_wide(held: dict[str, Tensor]) -> None:
    held["conv5_3.weight"] = torch.zeros(9, 4, 3, 3)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_without_bias, "lacks conv3_2.bias"),
        (_with_norms, "is a VGG with batch norms"),
        (_too_few, "is no VGG-16 or VGG-19"),
        (_too_wide, "is no VGG-16 or VGG-19"),
    ],
)
def test_what_is_no_vgg_is_refused_in_a_line(tmp_path: Path, spoil: Any, said: str) -> None:
    held = weights(13)
    spoil(held)
    save_file(held, tmp_path / "x.safetensors")
    with pytest.raises(ModelError, match=said):
        Vgg.load(tmp_path / "x.safetensors")


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vgg19.pth").write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelError, match="pickled checkpoint"):
        Vgg.load(tmp_path / "vgg19.pth")


def test_keras_weights_are_turned_and_named() -> None:
    held: dict[str, Any] = {}
    for place in places(13):
        block, number = place.split("_")
        layer = "conv2d" if number == "1" else f"conv2d_{int(number) - 1}"
        kernel = np.arange(3 * 3 * 2 * 5, dtype=np.float32).reshape(3, 3, 2, 5)
        held[f"block{block}/layers/{layer}/vars"] = {"0": kernel, "1": np.ones(5, np.float32)}
    made = converted(held)
    assert len(made) == 26
    assert made["conv5_3.weight"].shape == (5, 2, 3, 3)
    assert made["conv1_1.weight"][4, 1, 0, 2] == kernel[0, 2, 1, 4]


def test_layers_have_three_names_and_unknown_ones_a_near_one(tmp_path: Path) -> None:
    save_file(weights(13), tmp_path / "x.safetensors")
    vgg = Vgg.load(tmp_path / "x.safetensors")
    assert vgg.layer("block4_conv2") == vgg.layer("relu4_2") == "relu4_2"
    assert vgg.layer("conv4_2") == "conv4_2"
    with pytest.raises(OptionError, match="vgg16 has no layer 'relu3_4'; did you mean relu3_"):
        vgg.layer("relu3_4")


def test_features_come_from_no_further_than_a_layer_reaches(tmp_path: Path) -> None:
    save_file(weights(16), tmp_path / "x.safetensors")
    vgg = Vgg.load(tmp_path / "x.safetensors")
    picture = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    for layer in ("relu1_1", "relu3_4", "relu5_1"):
        changed, reach = picture.clone(), vgg.reach([layer])
        changed[..., 128 + reach + 1 :] = 0
        stride = 2 ** (int(layer[4]) - 1)
        before, after = (vgg.see(one, [layer])[layer] for one in (picture, changed))
        torch.testing.assert_close(
            before[..., : 128 // stride + 1], after[..., : 128 // stride + 1]
        )
        assert not torch.equal(before, after)


def test_the_packaged_trunk_is_neither_dead_nor_exploding() -> None:
    seen = Vgg.load().see(tensor(render(draw(671), 128)), [f"relu{n}_1" for n in range(1, 6)])
    for features in seen.values():
        assert bool(torch.isfinite(features).all())
        assert 0.1 < float(features.mean()) < 100
        alive = (features.amax((0, 2, 3)) > 0).float().mean()
        assert float(alive) > 0.4  # of the deepest, which was trained on for edges, half


def test_the_packaged_trunk_tells_a_picture_from_one_upside_down_in_colour() -> None:
    picture = tensor(Image.new("RGB", (32, 32), "#c02010"))
    vgg = Vgg.load()
    one, other = (vgg.see(each, ["relu3_1"])["relu3_1"] for each in (picture, picture.flip(1)))
    assert float((one - other).abs().mean()) > 0.1 * float(one.mean())
