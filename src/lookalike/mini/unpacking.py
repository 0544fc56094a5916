"""A mini taken apart again: the run that its training goes on from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from lookalike.core.errors import ModelError
from lookalike.core.files import building, read_json
from lookalike.mini.recipe import MiniRecipe
from lookalike.models.probe import Probe
from lookalike.models.quiet import quiet
from lookalike.train.checkpoint import save_weights

RECIPE, ABOUT = "recipe.json", "model.json"


def is_packed(folder: Path) -> bool:
    """Whether a folder is a mini that `export` wrote, and not a run."""
    return (folder / "model_index.json").is_file() and (folder / RECIPE).is_file()


def unpack(mini: Path, run: Path) -> None:
    """Write the parts of an exported mini as a run holds them: weights alone, at step 0.

    The probe comes along where it lies beside the mini, as `export` leaves it.

    Raises:
        ModelError: a part of the mini is damaged.
    """
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from transformers import CLIPModel

    with building(run) as folder:
        try:
            recipe = MiniRecipe.model_validate(read_json(mini / RECIPE))
            samples = int(read_json(mini / ABOUT).get("samples", 0))
            with quiet():
                clip: Any = CLIPModel.from_pretrained(mini / "clip")
                vae: Any = AutoencoderKL.from_pretrained(mini / "vae")
                unet: Any = UNet2DConditionModel.from_pretrained(mini / "unet")
        except (SafetensorError, OSError, ValueError, RuntimeError) as fault:
            line = " ".join(str(fault).split())[:160]
            raise ModelError(f"{mini} cannot be taken apart: {line}") from fault
        save_weights(folder / "clip", clip, recipe.clip)
        save_weights(folder / "vae", vae, recipe.vae)
        save_weights(folder / "unet", unet, recipe.unet, samples)
        if (mini.parent / "probe" / "config.json").is_file():
            save_weights(folder / "probe", Probe.load(mini.parent / "probe").net, recipe.probe)
        shutil.copytree(mini / "tokenizer", folder / "tokenizer")


def given(start: Path, run: Path) -> Path:
    """The run that `start` is, or the one that it becomes, inside `run`, where it is a mini."""
    if not is_packed(start):
        return start
    opened = run / "start"
    if not opened.is_dir():
        unpack(start, opened)
    return opened
