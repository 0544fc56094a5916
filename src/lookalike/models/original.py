"""Weights in the original (LDM, SGM) layout, given the names that diffusers' modules have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from torch import Tensor

from lookalike.core.errors import ModelError
from lookalike.models import shapes
from lookalike.models.spec import Family
from lookalike.models.weights import Header

SD2_LAYERS = 23  # of OpenCLIP-H's 24: SD 2.x reads the last but one

Tensors = dict[str, Tensor]


def tensors_below(header: Header, prefix: str) -> Tensors:
    """Read the tensors whose names start with a prefix, without it."""
    from safetensors import safe_open

    with safe_open(str(header.path), framework="pt") as file:
        names = [name for name in header.shapes if name.startswith(prefix)]
        return {name.removeprefix(prefix): file.get_tensor(name) for name in names}


def text_weights(tensors: Tensors, family: Family) -> tuple[dict[str, Any], Tensors]:
    """Give a text tower's config and its weights, named as in transformers' bare CLIPTextModel."""
    if "positional_embedding" not in tensors:
        bare = {name.removeprefix("text_model."): each for name, each in tensors.items()}
        return shapes.clip_config(shapes_of(bare)), bare
    config = shapes.open_clip_config(shapes_of(tensors))
    if family == "sd2":
        config["num_hidden_layers"] = _used_layers(config["num_hidden_layers"])
    return config, _from_open_clip(tensors)


def _used_layers(stored: int) -> int:
    """Give how many of SD 2.x's text layers are read: all but the last, which some files lack."""
    return SD2_LAYERS if stored == SD2_LAYERS else stored - 1


def _from_open_clip(tensors: Tensors) -> Tensors:
    from diffusers.loaders.single_file_utils import convert_open_clip_checkpoint

    # The converter wants a model only for its width, which cuts the joint projections in three.
    width = tensors["positional_embedding"].shape[1]
    model = SimpleNamespace(config=SimpleNamespace(hidden_size=width))
    converted = convert_open_clip_checkpoint(model, tensors, prefix="")
    return {name.removeprefix("text_model."): each for name, each in converted.items()}


def filled(kind: Any, config: Any, weights: Tensors, path: Path) -> Any:
    """Make a module from its config and put weights into it; ModelError when any does not fit.

    Weights that the module does not know (a last text layer that is not read, say) are left out.
    """
    from accelerate import init_empty_weights

    with init_empty_weights(include_buffers=False):
        model = kind(**config) if isinstance(config, dict) else kind(config)
    wanted = {name: tuple(each.shape) for name, each in model.state_dict().items()}
    for name, shape in wanted.items():
        if name not in weights:
            raise ModelError(f"{path} lacks tensors that it needs: there is no {name}")
        if tuple(weights[name].shape) != shape:
            raise ModelError(
                f"{path} is not built as its family is: {name} is {tuple(weights[name].shape)}, "
                f"not {shape}"
            )
    model.load_state_dict({name: weights[name] for name in wanted}, assign=True)
    return model


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Give the shapes of tensors by their names."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}
