"""Which family a checkpoint belongs to, told from configs, tensor names and shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lookalike.core.errors import ModelError
from lookalike.models.layout import json_of
from lookalike.models.spec import Family
from lookalike.models.weights import Header, read_header

UNET = "model.diffusion_model."
VAE = "first_stage_model."
SD1_TEXT = "cond_stage_model.transformer."
SD2_TEXT = "cond_stage_model.model."
XL_TEXT = ("conditioner.embedders.0.transformer.", "conditioner.embedders.1.model.")
REFINER_TEXT = "conditioner.embedders.0.model."

KNOWN = "lookalike knows SD 1.x, SD 2.x and SDXL"
# A piece of a tensor's name that only one other kind of file has.
OTHERS = (
    ("joint_blocks.", "a Stable Diffusion 3 checkpoint"),
    ("double_blocks.", "a Flux checkpoint"),
    ("double_stream_modulation", "a Flux checkpoint"),
    ("control_model.", "a ControlNet, not a whole checkpoint"),
    ("controlnet_cond_embedding.", "a ControlNet, not a whole checkpoint"),
    ("ip_adapter.", "an IP-Adapter, not a whole checkpoint"),
    ("motion_modules.", "an AnimateDiff motion module, not a whole checkpoint"),
)
LORA = ("lora_", ".lora.", "lora_A", "lora_B", ".hada_", ".lokr_")


def folder_family(folder: Path) -> Family:
    """Tell a diffusers folder's family; ModelError says why when it is not one of ours."""
    if not (folder / "model_index.json").is_file():
        raise ModelError(
            f"{folder} is not a diffusers checkpoint: it has no model_index.json{_inside(folder)}"
        )
    index = json_of(folder / "model_index.json")
    kind = index.get("_class_name", "unknown")
    if "unet" not in index or "transformer" in index or _only_refines(index):
        raise ModelError(f"{folder} is a {kind} checkpoint; {KNOWN}")
    if not _given(index, "text_encoder"):
        raise ModelError(f"{folder} has no text encoder: the checkpoint is incomplete")
    unet, vae = (json_of(folder / part / "config.json") for part in ("unet", "vae"))
    _check_channels(folder, int(unet.get("in_channels", 4)), int(vae.get("latent_channels", 4)))
    return _family_of(index, unet)


def _family_of(index: dict[str, Any], unet: dict[str, Any]) -> Family:
    if _given(index, "text_encoder_2"):
        return "sdxl"
    # SD 2.x alone of the one-tower models has linear projections around its attention.
    return "sd2" if unet.get("use_linear_projection") else "sd1"


def _given(index: dict[str, Any], component: str) -> bool:
    """Whether an index names a component: a missing one is written as [null, null]."""
    return bool((index.get(component) or [None])[0])


def _only_refines(index: dict[str, Any]) -> bool:
    return _given(index, "text_encoder_2") and not _given(index, "text_encoder")


def _inside(folder: Path) -> str:
    files = sorted(folder.glob("*.safetensors"))
    return f"; for a single file name the file itself, such as {files[0].name}" if files else ""


def _check_channels(path: Path, channels: int, latent: int) -> None:
    # An inpainting U-Net also reads a mask and the latents of what is kept.
    if channels in (latent, 2 * latent + 1):
        return
    kind = {8: "a picture-editing (InstructPix2Pix)"}.get(channels, "another")
    raise ModelError(
        f"{path} is {kind} model: its U-Net takes {channels} channels instead of {latent}; {KNOWN}"
    )


def file_family(path: Path) -> Family:
    """Tell a single file's family by its header; ModelError when it is not one of ours."""
    return header_family(read_header(path))


def header_family(header: Header) -> Family:
    """Tell a family by the names of tensors in the original (LDM, SGM) layout."""
    _refuse_others(header)
    _refuse_partial(header)
    family = _text_family(header)
    channels = header.shapes.get(f"{UNET}input_blocks.0.0.weight", (0, 4))[1]
    latent = header.shapes.get(f"{VAE}decoder.conv_in.weight", (0, 4))[1]
    _check_channels(header.path, channels, latent)
    return family


def _text_family(header: Header) -> Family:
    if all(header.has(prefix) for prefix in XL_TEXT):
        return "sdxl"
    if header.has(SD1_TEXT):
        return "sd1"
    if header.has(SD2_TEXT):
        return "sd2"
    if header.has(REFINER_TEXT):
        raise ModelError(f"{header.path} is an SDXL refiner; {KNOWN}")
    raise ModelError(f"{header.path} has no text encoder: the checkpoint is incomplete")


def _refuse_others(header: Header) -> None:
    names = header.shapes
    if any(mark in name for name in names for mark in LORA):
        raise ModelError(
            f"{header.path} is a LoRA, not a whole checkpoint; name the model it bends"
        )
    for mark, what in OTHERS:
        if any(mark in name for name in names):
            raise ModelError(f"{header.path} is {what}; {KNOWN}")


def _refuse_partial(header: Header) -> None:
    if header.has("down_blocks.") or header.has("encoder.") or header.has("text_model."):
        raise ModelError(f"{header.path} is one part of a checkpoint; name the whole one")
    if not header.has(UNET):
        raise ModelError(f"{header.path} is not a Stable Diffusion checkpoint; {KNOWN}")
    if not header.has(VAE):
        raise ModelError(f"{header.path} has no VAE: the checkpoint is incomplete")
