"""Finds the CLIP that belongs to a checkpoint, and makes sure that it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from lookalike.core.errors import ModelError
from lookalike.models.clip import Clip
from lookalike.models.folder import load_part, load_tokenizer
from lookalike.models.hashing import files_sha256
from lookalike.models.layout import component_weights, json_of
from lookalike.models.parts import settled
from lookalike.models.preprocess import Preprocess
from lookalike.models.towers import TextTower, bare_weights

# The CLIP whose text tower each family reads; SDXL's is that of its second tower.
MATCHING = {
    "sd1": "openai/clip-vit-large-patch14",
    "sd2": "laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
    "sdxl": "laion/CLIP-ViT-bigG-14-laion2B-39B-b160k",
}
PREPROCESSOR = "preprocessor_config.json"


def load_clip(
    folder: Path, device: torch.device, dtype: torch.dtype, tokenizer: Any = None
) -> Clip:
    """Load a whole CLIP from a transformers folder; `tokenizer` serves where it has none."""
    from transformers import CLIPModel

    if json_of(folder / "config.json").get("model_type") != "clip":
        raise ModelError(f"{folder} is not a CLIP model with both towers")
    variant, files = component_weights(folder.parent, folder.name)
    whole = load_part(CLIPModel, folder, variant, dtype)
    text, vision = _halves(whole)
    if (folder / "vocab.json").is_file() or (folder / "tokenizer.json").is_file():
        tokenizer = load_tokenizer(folder)
    return Clip(
        text=settled(text, device, dtype),
        vision=settled(vision, device, dtype),
        tokenizer=tokenizer,
        preprocess=load_preprocess(folder, vision.config.image_size),
        logit_scale=float(whole.logit_scale.detach().float().exp()),
        sha256=files_sha256(files, folder),
    )


def _halves(whole: Any) -> tuple[Any, Any]:
    """Split a CLIPModel into its towers with their projections, sharing the weights."""
    from transformers import CLIPTextModelWithProjection, CLIPVisionModelWithProjection

    config = whole.config
    config.text_config.projection_dim = config.vision_config.projection_dim = config.projection_dim
    with torch.device("meta"):
        text = CLIPTextModelWithProjection(config.text_config)
        vision = CLIPVisionModelWithProjection(config.vision_config)
    text.text_model, text.text_projection = whole.text_model, whole.text_projection
    vision.vision_model, vision.visual_projection = whole.vision_model, whole.visual_projection
    return text, vision


def load_preprocess(folder: Path, side: int) -> Preprocess:
    """How a CLIP in `folder` wants its pictures, whose vision tower is `side` wide."""
    beside = folder.parent / "feature_extractor" / PREPROCESSOR
    for file in (folder / PREPROCESSOR, beside):
        if file.is_file():
            return Preprocess.of(json_of(file), side)
    return Preprocess(side)


def check_same_tower(clip: Clip, tower: TextTower, name: str, clip_name: str) -> None:
    """Raise ModelError unless a CLIP's text tower is the checkpoint's own.

    A tower that lost its last layers (SD 2.x has 23 of 24) is compared in those that it has.
    Rounding to float16 or bfloat16 is allowed for; training is not.
    """
    theirs, ours = bare_weights(clip.text), bare_weights(tower.model)
    for key, weight in sorted(ours.items()):
        other = theirs.get(key)
        if other is None or not _close(weight, other):
            raise ModelError(
                f"{clip_name} is not the CLIP of {name}: their text towers differ in {key}; "
                "name the matching one with --clip"
            )


def share_tower(clip: Clip, tower: TextTower) -> None:
    """Keep one copy of the text weights that a CLIP and its checkpoint both hold, to the bit.

    SDXL's second tower is 1.4 GB in half precision. Modules stay apart, and with them their hooks.
    """
    ours = bare_weights(tower.model)
    for name, weight in clip.text.named_parameters():
        own = ours.get(name.removeprefix("text_model."))
        if own is not None and own.dtype == weight.dtype and torch.equal(own, weight):
            weight.data = own


def _close(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    if ours.shape != theirs.shape:
        return False
    # 2^-7: two roundings to bfloat16, the coarsest precision that weights are stored in.
    ours, theirs = ours.float(), theirs.float().to(ours.device)
    return bool(torch.allclose(ours, theirs, rtol=2**-7, atol=1e-4))
