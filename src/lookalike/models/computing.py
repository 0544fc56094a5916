"""Brings a loaded model to run as a Compute asks: sampler, LoRA, layout in memory, tiles."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from lookalike.core.compute import Compute
from lookalike.core.errors import ModelError
from lookalike.core.files import sha256
from lookalike.models.backbone import Backbone
from lookalike.models.family import LORA
from lookalike.models.folder import loading
from lookalike.models.offloading import offloaded
from lookalike.models.quantising import quantised
from lookalike.models.quiet import quiet
from lookalike.models.weights import read_header

COMPILER = "cl" if sys.platform == "win32" else "g++"
"""What torch compiles with on a processor, where CXX names nothing else."""


def prepared(backbone: Backbone, compute: Compute, device: torch.device) -> Backbone:
    """The same backbone, run as asked; `device` is where it is to work if it is offloaded.

    Raises:
        ModelError: the LoRA is missing, is none, does not fit, or is not the one it should be.
        OptionError: torchao, which int8 needs, is not there.
    """
    digest = _added(backbone, compute) if compute.lora else None
    backbone.compute = as_run(compute, backbone.dtype, digest)
    if compute.int8:
        quantised(backbone.unet)
    if compute.channels_last:
        backbone.unet.to(memory_format=torch.channels_last)
        backbone.vae.to(memory_format=torch.channels_last)
    if compute.tiles:
        backbone.vae.enable_tiling()
        backbone.vae.enable_slicing()
    if compute.compile:
        backbone.unet.compile()
    if compute.offload:
        offloaded(backbone, device)
    return backbone


def check_compiler(device: torch.device, *, offload: bool = False) -> None:
    """Raise ModelError where what `compile` needs is not at hand."""
    if offload:
        raise ModelError("--compute compile and offload do not go together; leave one of them out")
    named = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else COMPILER)
    if device.type == "cpu" and shutil.which(named) is None:
        raise ModelError(
            f"--compute compile needs a C++ compiler, and there is no {named}: install one (on "
            "Debian: apt install g++), name it in CXX, or leave compile out"
        )
    if device.type == "cuda" and find_spec("triton") is None:
        raise ModelError(
            "--compute compile needs triton on CUDA: pip install triton, or leave compile out"
        )


def as_run(compute: Compute, dtype: torch.dtype, lora_sha256: str | None) -> Compute:
    """What was asked for with all that was found out, as a recipe keeps it."""
    name = str(dtype).removeprefix("torch.")
    return compute.model_copy(update={"dtype": name, "lora_sha256": lora_sha256})


def _added(backbone: Backbone, compute: Compute) -> str:
    """Add a LoRA to the U-Net's weights for good, and give the SHA-256 of its file.

    What a LoRA says of text towers is left out: the towers are those that embeddings name.
    """
    path = Path(compute.lora or "").expanduser()
    if not path.is_file():
        raise ModelError(f"there is no LoRA {path}")
    header = read_header(path)
    if not any(mark in name for name in header.shapes for mark in LORA):
        raise ModelError(f"{path} is not a LoRA: it holds no low-rank weights")
    digest = sha256(path)
    if compute.lora_sha256 not in (None, digest):
        raise ModelError(f"{path} is not the LoRA that was asked for: its SHA-256 is another")
    with loading(path), quiet():
        _fuse(backbone, path, compute.lora_weight)
    return digest


def _fuse(backbone: Backbone, path: Path, weight: float) -> None:
    from diffusers.loaders.lora_pipeline import (
        StableDiffusionLoraLoaderMixin,
        StableDiffusionXLLoraLoaderMixin,
    )

    xl = backbone.family == "sdxl"
    kind: Any = StableDiffusionXLLoraLoaderMixin if xl else StableDiffusionLoraLoaderMixin
    state, alphas = kind.lora_state_dict(str(path), unet_config=backbone.unet.config)
    if not any(name.startswith("unet.") for name in state):
        raise ModelError(f"{path} has nothing for a U-Net: it is the LoRA of another part")
    before = {name: each.shape for name, each in backbone.unet.named_parameters()}
    kind.load_lora_into_unet(state, alphas, backbone.unet)
    backbone.unet.fuse_lora(lora_scale=weight)
    # With its layers gone the U-Net is as it was, names and all, but for the sums.
    backbone.unet.unload_lora()
    assert {name: each.shape for name, each in backbone.unet.named_parameters()} == before
    backbone.unet.requires_grad_(False)
