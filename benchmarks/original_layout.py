"""Writes a checkpoint as one file in the original layout: the names that LDM and SGM gave.

Made from facts about that layout, apart from the code that reads it, so that the two check each
other. A U-Net's blocks are numbered through: `input_blocks.0` is the first convolution, each level
has its residual blocks (with attention as their second part) and then a downsampling block;
`output_blocks` mirror them, their upsampling being the last part of a level's last block.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import save_file
from torch import Tensor

Tensors = dict[str, Tensor]


class Checkpoint(Protocol):
    """What is written: the modules of a checkpoint, and its family."""

    @property
    def family(self) -> str:
        """One of sd1, sd2 and sdxl."""
        ...

    @property
    def unet(self) -> Any:
        """Diffusers' U-Net."""
        ...

    @property
    def vae(self) -> Any:
        """Diffusers' autoencoder."""
        ...

    @property
    def texts(self) -> Sequence[Any]:
        """Transformers' text towers."""
        ...


RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
MIDDLE = {"resnets.0": "0", "attentions.0": "1", "resnets.1": "2"}


def original_unet(unet: Any) -> Tensors:
    """Rename a diffusers U-Net's weights."""
    deep = unet.config.layers_per_block
    return {_unet_name(name, deep): each for name, each in unet.state_dict().items()}


def _unet_name(name: str, deep: int) -> str:
    for ours, theirs in ENDS.items():
        if name.startswith(f"{ours}."):
            return theirs + name.removeprefix(ours)
    if name.startswith("mid_block."):
        _, kind, number, rest = name.split(".", 3)
        return f"middle_block.{MIDDLE[f'{kind}.{number}']}.{_inner(kind, rest)}"
    way, level, kind, number, rest = name.split(".", 4)
    if kind == "downsamplers":
        return (
            f"input_blocks.{int(level) * (deep + 1) + deep + 1}.0.op.{rest.removeprefix('conv.')}"
        )
    if way == "down_blocks":
        block = f"input_blocks.{int(level) * (deep + 1) + int(number) + 1}"
    else:
        last = deep if kind == "upsamplers" else int(number)
        block = f"output_blocks.{int(level) * (deep + 1) + last}"
    part = {"resnets": "0", "attentions": "1", "upsamplers": "UP"}[kind]
    return f"{block}.{part}.{_inner(kind, rest)}"


def _inner(kind: str, rest: str) -> str:
    head, tail = rest.split(".", 1)
    return f"{RESNET[head]}.{tail}" if kind == "resnets" else rest


def place_upsamplers(names: Tensors) -> Tensors:
    """Give each upsampling its number: behind the attention where its block has one."""
    attended = {name.split(".1.")[0] for name in names if ".1.transformer_blocks." in name}
    placed = {}
    for name, each in names.items():
        block = name.split(".UP.")[0]
        placed[name.replace(".UP.", ".2." if block in attended else ".1.")] = each
    return placed


def original_vae(vae: Any) -> Tensors:
    """Rename a diffusers VAE's weights; attention becomes 1 x 1 convolutions again."""
    top = len(vae.config.block_out_channels) - 1
    return dict(_vae_item(name, each, top) for name, each in vae.state_dict().items())


def _vae_item(name: str, each: Tensor, top: int) -> tuple[str, Tensor]:
    new = name.replace("mid_block.resnets.0", "mid.block_1").replace("conv_norm_out", "norm_out")
    new = new.replace("mid_block.resnets.1", "mid.block_2").replace("conv_shortcut", "nin_shortcut")
    new = re.sub(r"down_blocks\.(\d+)\.resnets", r"down.\1.block", new)
    new = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", new)
    new = re.sub(r"up_blocks\.(\d+)\.resnets", lambda m: f"up.{top - int(m[1])}.block", new)
    up = r"up_blocks\.(\d+)\.upsamplers\.0"
    new = re.sub(up, lambda m: f"up.{top - int(m[1])}.upsample", new)
    if "mid_block.attentions.0" not in new:
        return new, each
    new = new.replace("mid_block.attentions.0", "mid.attn_1").replace("group_norm", "norm")
    new = re.sub(r"to_([qkv])\.", r"\1.", new).replace("to_out.0", "proj_out")
    return new, each[:, :, None, None] if each.ndim == 2 else each


OPEN_CLIP = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}
OPEN_CLIP_LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def original_clip(text: Any) -> Tensors:
    """Name a text tower as in SD 1.x: transformers' names, the old prefix included."""
    return {f"text_model.{name}": each for name, each in bare(text).items()}


def bare(text: Any) -> Tensors:
    """Give a text tower's weights without prefix and projection."""
    tower = getattr(text, "text_model", text)
    return dict(tower.state_dict())


def open_clip(text: Any, *, unread_layer: bool = False) -> Tensors:
    """Name a text tower as OpenCLIP does; queries, keys and values are stacked there.

    With `unread_layer` a random last layer is added, which SD 2.x stores but never reads.
    """
    weights = bare(text)
    width = weights["final_layer_norm.weight"].shape[0]
    layers = text.config.num_hidden_layers
    named = {theirs: weights[ours] for ours, theirs in OPEN_CLIP.items()}
    for index in range(layers):
        named |= _open_clip_layer(weights, f"encoder.layers.{index}.", index)
    if unread_layer:
        first = _open_clip_layer(weights, "encoder.layers.0.", layers)
        named |= {name: torch.randn_like(each) for name, each in first.items()}
    if hasattr(text, "text_projection"):
        named["text_projection"] = text.text_projection.weight.T.contiguous()
    else:
        named["text_projection"] = torch.randn(width, width)
    return named | {"logit_scale": torch.tensor(4.6)}


def _open_clip_layer(weights: Mapping[str, Tensor], here: str, index: int) -> Tensors:
    there = f"transformer.resblocks.{index}."
    named = {
        f"{there}{theirs}.{end}": weights[f"{here}{ours}.{end}"]
        for ours, theirs in OPEN_CLIP_LAYER.items()
        for end in ("weight", "bias")
    }
    for end in ("weight", "bias"):
        parts = [weights[f"{here}self_attn.{letter}_proj.{end}"] for letter in "qkv"]
        named[f"{there}attn.in_proj_{end}"] = torch.cat(parts)
    return named


def original(tiny: Checkpoint) -> Tensors:
    """Put all of a checkpoint's weights under the names of its family's original file."""
    unet = place_upsamplers(original_unet(tiny.unet))
    named = {f"model.diffusion_model.{name}": each for name, each in unet.items()}
    named |= {f"first_stage_model.{n}": each for n, each in original_vae(tiny.vae).items()}
    if tiny.family == "sd1":
        texts = {"cond_stage_model.transformer.": original_clip(tiny.texts[0])}
    elif tiny.family == "sd2":
        texts = {"cond_stage_model.model.": open_clip(tiny.texts[0], unread_layer=True)}
    else:
        texts = {
            "conditioner.embedders.0.transformer.": original_clip(tiny.texts[0]),
            "conditioner.embedders.1.model.": open_clip(tiny.texts[1]),
        }
    for prefix, tower in texts.items():
        named |= {f"{prefix}{name}": each for name, each in tower.items()}
    return named | {"model_ema.decay": torch.tensor(0.9999)}


def save_original(tiny: Checkpoint, path: Path, dtype: torch.dtype = torch.float32) -> Path:
    """Write a checkpoint as one .safetensors file in its family's original layout."""
    weights = {name: each.detach().to(dtype).contiguous() for name, each in original(tiny).items()}
    save_file(weights, path, metadata={"format": "pt"})
    return path
