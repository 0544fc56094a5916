"""Configs that a single file does not carry, read off the shapes of its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]
HEAD = 64  # channels of an attention head in every CLIP, and in the U-Nets of SD 2.x and SDXL
POOLED_SIZES = 6  # SDXL is told six numbers about the picture's size


@dataclass
class Level:
    """One resolution of a U-Net: channels, residual blocks, and transformer blocks in each."""

    width: int = 0
    blocks: int = 0
    depth: int = 0


def unet_config(shapes: Shapes) -> dict[str, Any]:
    """Give a U-Net's config from its tensors in the original layout; KeyError when they lack."""
    levels = _levels(shapes)
    middle = _count(shapes, "middle_block.1.transformer_blocks.")
    names = [name for name in shapes if name.endswith(".attn2.to_k.weight")]
    projections = [name for name in shapes if name.endswith(".1.proj_in.weight")]
    crossing = [level.depth > 0 for level in levels]
    config = {
        "in_channels": shapes["input_blocks.0.0.weight"][1],
        "out_channels": shapes["out.2.weight"][0],
        "block_out_channels": tuple(level.width for level in levels),
        "layers_per_block": levels[0].blocks,
        "down_block_types": tuple(_block("Down", each) for each in crossing),
        "up_block_types": tuple(_block("Up", each) for each in reversed(crossing)),
        # diffusers takes the middle block's depth from the last level, which may have none itself.
        "transformer_layers_per_block": (
            *(level.depth or 1 for level in levels[:-1]),
            levels[-1].depth or middle,
        ),
        "cross_attention_dim": shapes[names[0]][1],
        "attention_head_dim": tuple(max(1, level.width // HEAD) for level in levels),
        "use_linear_projection": len(shapes[projections[0]]) == 2,
    }
    return config | _added(shapes)


def _levels(shapes: Shapes) -> list[Level]:
    levels = [Level()]
    for index in range(1, _count(shapes, "input_blocks.")):
        here = f"input_blocks.{index}"
        if f"{here}.0.op.weight" in shapes:
            levels.append(Level())
            continue
        level = levels[-1]
        level.width = shapes[f"{here}.0.in_layers.2.weight"][0]
        level.depth = _count(shapes, f"{here}.1.transformer_blocks.")
        level.blocks += 1
    return levels


def _added(shapes: Shapes) -> dict[str, Any]:
    """Give the width of what SDXL is told beside the token states; the rest is not in shapes."""
    if "label_emb.0.0.weight" not in shapes:
        return {}
    return {"projection_class_embeddings_input_dim": shapes["label_emb.0.0.weight"][1]}


def time_width(added: int, pooled: int) -> int:
    """Give the width of one size number's embedding, from that of all six and the pooled text."""
    return (added - pooled) // POOLED_SIZES


def _block(way: str, crossing: bool) -> str:
    return f"{'CrossAttn' if crossing else ''}{way}Block2D"


def vae_config(shapes: Shapes) -> dict[str, Any]:
    """Give a VAE's config from its tensors in the original layout; KeyError when they lack."""
    count = _count(shapes, "encoder.down.")
    widths = tuple(shapes[f"encoder.down.{i}.block.0.conv1.weight"][0] for i in range(count))
    return {
        "block_out_channels": widths,
        "down_block_types": ("DownEncoderBlock2D",) * count,
        "up_block_types": ("UpDecoderBlock2D",) * count,
        "layers_per_block": _count(shapes, "encoder.down.0.block."),
        "latent_channels": shapes["decoder.conv_in.weight"][1],
    }


def clip_config(shapes: Shapes) -> dict[str, Any]:
    """Give a text tower's config from its tensors as transformers names them."""
    tokens, positions = "embeddings.token_embedding.weight", "embeddings.position_embedding.weight"
    layers = "encoder.layers."
    config = _text(shapes[tokens], shapes[positions], shapes[f"{layers}0.mlp.fc1.weight"])
    return config | {"num_hidden_layers": _count(shapes, layers)}


def open_clip_config(shapes: Shapes) -> dict[str, Any]:
    """Give a text tower's config from its tensors as OpenCLIP names them."""
    tokens, positions = "token_embedding.weight", "positional_embedding"
    layers = "transformer.resblocks."
    config = _text(shapes[tokens], shapes[positions], shapes[f"{layers}0.mlp.c_fc.weight"])
    projection = shapes.get("text_projection", shapes[positions])
    return config | {
        "num_hidden_layers": _count(shapes, layers),
        "projection_dim": projection[1],
    }


def _text(
    tokens: tuple[int, ...], positions: tuple[int, ...], inner: tuple[int, ...]
) -> dict[str, Any]:
    vocabulary, width = tokens
    return {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "intermediate_size": inner[0],
        "num_attention_heads": max(1, width // HEAD),
        "max_position_embeddings": positions[0],
        "bos_token_id": vocabulary - 2,
        "eos_token_id": vocabulary - 1,
    }


def _count(shapes: Shapes, prefix: str) -> int:
    """Count numbered parts: one more than the highest number right behind the prefix."""
    behind = [name.removeprefix(prefix) for name in shapes if name.startswith(prefix)]
    numbers = [name.split(".")[0] for name in behind]
    return max((int(number) for number in numbers if number.isdigit()), default=-1) + 1
