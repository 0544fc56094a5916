"""VGG's convolutions: what they see in pictures, by the names of their layers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.models.spec import packaged
from lookalike.models.vgg_file import Input, read_convolutions

Pooling = Literal["max", "average"]
Precision = Literal["float32", "bfloat16"]
Weights = tuple[Tensor, Tensor]

_CAFFE_MEAN = (103.939, 116.779, 123.68)  # of ImageNet, blue first, as VGG's authors took it off
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # torchvision's, red first


@dataclass(frozen=True, eq=False)
class Vgg:
    """The convolutions of a VGG, frozen; `see` gives what any of its layers makes of pictures."""

    name: str
    sha256: str
    convolutions: Mapping[str, Weights]  # by place: "1_1", "1_2", "2_1", …
    input: Input
    pooling: Pooling = "max"

    @classmethod
    def load(cls, path: Path | None = None) -> Vgg:
        """The VGG in a .safetensors file; the packaged VGG-16 if None.

        Raises:
            ModelError: there is no such file, or it holds no VGG-16 or VGG-19.
        """
        file = packaged() / "vgg16" / "model.safetensors" if path is None else path
        found = read_convolutions(file)
        name = f"vgg{len(found.weights) + 3}"  # VGG-16 and VGG-19 count three further layers
        held = {place: _frozen(*pair) for place, pair in found.weights.items()}
        return cls(name, found.sha256, held, found.input)

    def to(self, device: torch.device, precision: Precision, pooling: Pooling = "max") -> Vgg:
        """The same convolutions elsewhere, in another precision, or with another pooling."""
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        moved = {
            place: (weight.to(device, dtype), bias.to(device, dtype))
            for place, (weight, bias) in self.convolutions.items()
        }
        return replace(self, convolutions=moved, pooling=pooling)

    @property
    def device(self) -> torch.device:
        """Where the convolutions are."""
        return self.convolutions["1_1"][0].device

    @property
    def layers(self) -> list[str]:
        """The names of all layers, from the pixels inwards: conv1_1, relu1_1, …, pool5."""
        found: list[str] = []
        for place in self.convolutions:
            if place.endswith("_1") and place != "1_1":
                found.append(f"pool{int(place[0]) - 1}")
            found += [f"conv{place}", f"relu{place}"]
        return [*found, "pool5"]

    def layer(self, name: str) -> str:
        """A layer by any of its names; Keras' block1_conv1 is relu1_1, which it includes.

        Raises:
            OptionError: there is no such layer.
        """
        keras = re.fullmatch(r"block([1-5])_conv(\d)", name)
        known = f"relu{keras[1]}_{keras[2]}" if keras else name
        if known not in self.layers:
            near = did_you_mean(name, self.layers)
            raise OptionError(f"{self.name} has no layer {name!r}{near} (relu1_1, conv4_2, pool5)")
        return known

    def reach(self, layers: Sequence[str]) -> int:
        """How far to each side the deepest of some layers looks, in pixels: a multiple of 16."""
        side, stride, left = 0, 1, set(layers)
        for name in self.layers:
            if not left:
                break
            left.discard(name)
            side += 0 if name.startswith("relu") else stride
            stride *= 2 if name.startswith("pool") else 1
        return -(-side // 16) * 16

    def see(
        self, pictures: Float[Tensor, "batch 3 height width"], layers: Sequence[str]
    ) -> dict[str, Tensor]:
        """What the named layers see in pictures of 0 to 1; nothing deeper is computed."""
        wanted, found = set(layers), dict[str, Tensor]()
        first = self.convolutions["1_1"][0]
        x = self._prepared(pictures).to(first.dtype, memory_format=torch.channels_last)
        for name in self.layers:
            if len(found) == len(wanted):
                break
            x = self._layer(name, x)
            if name in wanted:
                found[name] = x
        return found

    def _layer(self, name: str, x: Tensor) -> Tensor:
        if name.startswith("relu"):
            return F.relu(x)
        if name.startswith("pool"):
            return F.max_pool2d(x, 2) if self.pooling == "max" else F.avg_pool2d(x, 2)
        weight, bias = self.convolutions[name.removeprefix("conv")]
        if name == "conv1_1":
            # Beyond the edge lies more of the same, not black: else a frame is painted there.
            return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), weight, bias)
        return F.conv2d(x, weight, bias, padding=1)

    def _prepared(self, pictures: Tensor) -> Tensor:
        if self.input == "caffe":
            return pictures.flip(1) * 255 - pictures.new_tensor(_CAFFE_MEAN).view(3, 1, 1)
        mean = pictures.new_tensor(_MEAN).view(3, 1, 1)
        return (pictures - mean) / pictures.new_tensor(_DEVIATION).view(3, 1, 1)


def precision_on(device: torch.device, asked: Precision | Literal["auto"] = "auto") -> Precision:
    """What was asked for, or for "auto" bfloat16 where a device multiplies it in hardware."""
    if asked != "auto":
        return asked
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    told = getattr(torch.cpu, "get_capabilities", dict[str, bool])()
    fast = device.type == "cpu" and (told.get("amx_bf16") or told.get("avx512_bf16"))
    return "bfloat16" if fast else "float32"


def _frozen(weight: Tensor, bias: Tensor) -> Weights:
    return weight.float().to(memory_format=torch.channels_last), bias.float()
