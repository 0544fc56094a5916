"""Small random IP-Adapters in the layout of the real ones, made for a U-Net."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

Tensors = dict[str, Tensor]


def adapter_tensors(unet: Any, width: int, kind: str = "plain", seed: int = 0) -> Tensors:
    """An adapter's tensors by their names; `width` is what it reads of a vision tower."""
    chance = torch.Generator().manual_seed(seed)
    told = int(unet.config.cross_attention_dim)
    made: Mapping[str, tuple[int, ...]] = {
        **{f"image_proj.{name}": shape for name, shape in _projection(kind, width, told).items()},
        **_attention(unet),
    }
    return {
        name: torch.randn(shape, generator=chance) / (shape[-1] ** 0.5 if len(shape) > 1 else 4)
        for name, shape in made.items()
    }


def save_adapter(
    path: Path, unet: Any, width: int, kind: str = "plain", seed: int = 0, gain: float = 1.0
) -> Path:
    """Write an adapter's file; `gain` multiplies what its layers add."""
    tensors = adapter_tensors(unet, width, kind, seed)
    louder = {name: gain if ".to_v_ip." in name else 1.0 for name in tensors}
    save_file({name: louder[name] * tensor for name, tensor in tensors.items()}, path)
    return path


def _attention(unet: Any) -> dict[str, tuple[int, ...]]:
    """Keys and values of every cross-attention layer; its number is twice its place, and one."""
    found: dict[str, tuple[int, ...]] = {}
    cross = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    for place, name in enumerate(cross):
        layer = unet.get_submodule(name.removesuffix(".processor"))
        for each in ("to_k", "to_v"):
            shape = tuple(getattr(layer, each).weight.shape)
            found[f"ip_adapter.{2 * place + 1}.{each}_ip.weight"] = shape
    return found


def _projection(kind: str, width: int, told: int) -> dict[str, tuple[int, ...]]:
    if kind == "plain":
        return {
            "proj.weight": (4 * told, width),
            "proj.bias": (4 * told,),
            "norm.weight": (told,),
            "norm.bias": (told,),
        }
    if kind == "full":
        return {
            "proj.0.weight": (width, width),
            "proj.0.bias": (width,),
            "proj.2.weight": (told, width),
            "proj.2.bias": (told,),
            "proj.3.weight": (told,),
            "proj.3.bias": (told,),
        }
    if kind == "face-id":
        return {"proj.0.weight": (2 * width, width), "norm.weight": (told,)}
    return _resampler(width, told)


def _resampler(width: int, told: int, inner: int = 64) -> dict[str, tuple[int, ...]]:
    """Of a Plus adapter with eight tokens; diffusers knows those of four layers alone."""
    shapes: dict[str, tuple[int, ...]] = {
        "latents": (1, 8, inner),
        "proj_in.weight": (inner, width),
        "proj_in.bias": (inner,),
        "proj_out.weight": (told, inner),
        "proj_out.bias": (told,),
        "norm_out.weight": (told,),
        "norm_out.bias": (told,),
    }
    for layer in (f"layers.{number}" for number in range(4)):
        shapes[f"{layer}.0.to_q.weight"] = (inner, inner)
        shapes[f"{layer}.0.to_kv.weight"] = (2 * inner, inner)
        shapes[f"{layer}.0.to_out.weight"] = (inner, inner)
        shapes[f"{layer}.1.1.weight"] = (4 * inner, inner)
        shapes[f"{layer}.1.3.weight"] = (inner, 4 * inner)
        for norm in ("0.norm1", "0.norm2", "1.0"):
            shapes[f"{layer}.{norm}.weight"] = (inner,)
            shapes[f"{layer}.{norm}.bias"] = (inner,)
    return shapes
