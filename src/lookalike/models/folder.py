"""Loads a diffusers folder, part by part, from safetensors alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from lookalike.core.errors import ModelError
from lookalike.models.family import folder_family
from lookalike.models.layout import component_weights, json_of
from lookalike.models.parts import Parts
from lookalike.models.quiet import quiet
from lookalike.models.spec import Family
from lookalike.models.towers import TextTower


def load_folder(
    folder: Path, family: Family | None = None, dtype: torch.dtype = torch.float32
) -> Parts:
    """Load a diffusers folder of one of our families; ModelError says what is wrong with it.

    The U-Net comes in the precision that it is to run in: brought there later, an XL one would
    for a while take three times its room.
    """
    family = family or folder_family(folder)
    towers = [_tower(folder, "text_encoder", "tokenizer", projected=False)]
    if family == "sdxl":
        towers.append(_tower(folder, "text_encoder_2", "tokenizer_2", projected=True))
    index = json_of(folder / "model_index.json")
    return Parts(
        family=family,
        unet=_diffusers_part(folder, "unet", dtype),
        vae=_diffusers_part(folder, "vae", torch.float32),
        towers=tuple(towers),
        scheduler_config=json_of(folder / "scheduler" / "scheduler_config.json"),
        folder=folder,
        blank_is_zero=family == "sdxl" and bool(index.get("force_zeros_for_empty_prompt", True)),
    )


@contextmanager
def loading(what: object) -> Iterator[None]:
    """Load quietly, and turn whatever a library raises into one ModelError line about `what`."""
    try:
        with quiet():
            yield
    except ModelError:
        raise
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, ImportError) as fault:
        lines = str(fault).strip().splitlines() or [type(fault).__name__]
        raise ModelError(f"cannot load {what}: {lines[0][:200]}") from fault


def load_part(kind: Any, place: Path, variant: str | None, dtype: Any) -> Any:
    """Load one part from its own folder; every weight must be there."""
    with loading(place):
        model, report = kind.from_pretrained(
            str(place),
            variant=variant,
            use_safetensors=True,
            local_files_only=True,
            torch_dtype=dtype,
            output_loading_info=True,
        )
    missing = [name for name in report["missing_keys"] if not name.endswith("position_ids")]
    if missing or report.get("mismatched_keys"):
        wrong = missing or [key[0] for key in report["mismatched_keys"]]
        raise ModelError(f"{place} lacks weights that its config asks for, such as {min(wrong)}")
    return model


def load_tokenizer(place: Path) -> Any:
    """Load a CLIP tokenizer from its folder."""
    from transformers import CLIPTokenizer

    if not (place / "vocab.json").is_file() and not (place / "tokenizer.json").is_file():
        raise ModelError(f"{place} holds no tokenizer: the checkpoint is incomplete")
    with loading(place):
        return CLIPTokenizer.from_pretrained(str(place), local_files_only=True)


def _diffusers_part(folder: Path, component: str, dtype: torch.dtype) -> Any:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    variant, _ = component_weights(folder, component)
    kind = {"unet": UNet2DConditionModel, "vae": AutoencoderKL}[component]
    return load_part(kind, folder / component, variant, dtype)


def _tower(folder: Path, component: str, tokenizer: str, *, projected: bool) -> TextTower:
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    variant, _ = component_weights(folder, component)
    kind = CLIPTextModelWithProjection if projected else CLIPTextModel
    # As stored: the fingerprint is taken before any change of precision.
    model = load_part(kind, folder / component, variant, "auto")
    return TextTower(model, load_tokenizer(folder / tokenizer))
