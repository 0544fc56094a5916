"""Loads a single .safetensors file in the original (LDM, SGM) layout, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lookalike.core.errors import ModelError
from lookalike.models.family import SD1_TEXT, SD2_TEXT, UNET, VAE, XL_TEXT, header_family
from lookalike.models.folder import loading
from lookalike.models.layout import json_of
from lookalike.models.original import Tensors, filled, shapes_of, tensors_below, text_weights
from lookalike.models.parts import Parts
from lookalike.models.prediction import native_side, predicts, zero_snr
from lookalike.models.shapes import time_width, unet_config, vae_config
from lookalike.models.spec import Family, ModelSpec
from lookalike.models.towers import TextTower
from lookalike.models.vocabulary import clip_tokenizer
from lookalike.models.weights import Header, read_header

STANDARD = Path(__file__).parent / "configs"
TEXT_PREFIXES = {"sd1": (SD1_TEXT,), "sd2": (SD2_TEXT,), "sdxl": XL_TEXT}

Config = dict[str, Any]


def load_file(path: Path, spec: ModelSpec | None = None) -> Parts:
    """Load a single file; its architecture is read off its tensors' shapes.

    What shapes cannot tell is the family's standard (`configs/`); what the U-Net predicts is told
    by `prediction.predicts` unless `spec` says it. ModelError when tensors lack or do not fit.
    """
    header = read_header(path)
    family = header_family(header)
    standard = json_of(STANDARD / f"{family}.json")
    prediction = (spec and spec.prediction) or predicts(header, family)
    told = standard["unet"] | native_side(header, family, prediction)
    with loading(path):
        try:
            towers = _towers(header, family, standard["texts"])
            unet = _unet(tensors_below(header, UNET), told, towers[-1], path)
            vae = _vae(tensors_below(header, VAE), standard["vae"], path)
        except (KeyError, IndexError) as fault:
            lacking = f"{path} lacks tensors that it needs, such as {fault.args[0]}"
            raise ModelError(lacking) from fault
    noise = standard["scheduler"] | zero_snr(header) | {"prediction_type": prediction}
    return Parts(family, unet, vae, towers, noise, blank_is_zero=family == "sdxl")


def _unet(tensors: Tensors, told: Config, text: TextTower, path: Path) -> Any:
    from diffusers.loaders.single_file_utils import LDM_UNET_KEY, convert_ldm_unet_checkpoint
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    config = unet_config(shapes_of(tensors)) | told
    if added := config.get("projection_class_embeddings_input_dim"):
        pooled = text.model.config.projection_dim
        config["addition_time_embed_dim"] = time_width(added, pooled)
    named = {f"{LDM_UNET_KEY}{name}": tensor for name, tensor in tensors.items()}
    return filled(UNet2DConditionModel, config, convert_ldm_unet_checkpoint(named, config), path)


def _vae(tensors: Tensors, told: Config, path: Path) -> Any:
    from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    config = vae_config(shapes_of(tensors)) | told
    return filled(AutoencoderKL, config, convert_ldm_vae_checkpoint(tensors, config), path)


def _towers(header: Header, family: Family, told: list[Config]) -> tuple[TextTower, ...]:
    prefixes = TEXT_PREFIXES[family]
    return tuple(
        _tower(header, prefix, known, family) for prefix, known in zip(prefixes, told, strict=True)
    )


def _tower(header: Header, prefix: str, told: Config, family: Family) -> TextTower:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config, weights = text_weights(tensors_below(header, prefix), family)
    tokenizer = clip_tokenizer(told["pad"])
    made = CLIPTextConfig(
        **config, hidden_act=told["hidden_act"], pad_token_id=tokenizer.pad_token_id
    )
    if prefix != XL_TEXT[1]:
        return TextTower(filled(CLIPTextModel, made, weights, header.path), tokenizer)
    # With a projection transformers keeps the rest of the tower one level deeper.
    deeper = {f"text_model.{name}": tensor for name, tensor in weights.items()}
    deeper["text_projection.weight"] = weights["text_projection.weight"]
    return TextTower(filled(CLIPTextModelWithProjection, made, deeper, header.path), tokenizer)
