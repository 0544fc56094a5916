"""Loads what a ModelSpec names: files in, a Backbone on its device out."""

from __future__ import annotations

from pathlib import Path

import torch

from lookalike.core.errors import ModelError
from lookalike.models.about import describe_path
from lookalike.models.backbone import Backbone
from lookalike.models.clip import Clip
from lookalike.models.folder import load_folder, loading
from lookalike.models.hashing import weights_sha256
from lookalike.models.hub import HUB_ID, cached_file, fetch_checkpoint, fetch_clip
from lookalike.models.latent import LatentDiffusion
from lookalike.models.lean import import_leanly
from lookalike.models.parts import Parts
from lookalike.models.room import check_room
from lookalike.models.sd import StableDiffusion
from lookalike.models.sdxl import StableDiffusionXL
from lookalike.models.single_file import load_file
from lookalike.models.spec import ModelSpec
from lookalike.models.vision import MATCHING, check_same_tower, load_clip, share_tower

NEEDED = (
    "diffusers.models.autoencoders.autoencoder_kl",
    "diffusers.models.unets.unet_2d_condition",
    "diffusers.schedulers.scheduling_dpmsolver_multistep",
    "transformers.models.clip.modeling_clip",
)
"""What every checkpoint is made of."""
PREDICTIONS = ("epsilon", "v_prediction", "sample")


def found(spec: ModelSpec, *, half: bool) -> tuple[Path, ModelSpec]:
    """Give a model's files and what they say of it, fetching them from the hub where they lack.

    What `spec` states itself goes before what the files say.
    """
    if spec.path is not None:
        return spec.path, spec
    path = fetch_checkpoint(spec.place, half=half)
    stated = describe_path(path, spec.name, spec.source)
    return path, stated.model_copy(update=spec.model_dump(exclude_unset=True))


def load_backbone(
    path: Path, spec: ModelSpec, device: torch.device, dtype: torch.dtype, clip: str | None
) -> Backbone:
    """Load a checkpoint; `clip` is the path or hub id of its CLIP, looked for at first need."""
    check_room(path, spec.name, device, dtype)
    parts = load_parts(path, spec, dtype)
    with loading(path):
        parts = parts.to(device, dtype)
    kind = StableDiffusionXL if parts.family == "sdxl" else StableDiffusion
    return kind(
        parts,
        name=spec.name,
        sha256=weights_sha256(path),
        find_clip=lambda backbone: find_clip(backbone, clip),
        has_clip=_own_clip(parts.folder) is not None or clip is not None or _cached(parts),
        guidance=spec.guidance,
    )


def load_parts(path: Path, spec: ModelSpec, dtype: torch.dtype) -> Parts:
    """Load a folder or a single file, with what `spec` knows better than the files."""
    import_leanly(*NEEDED)
    parts = load_folder(path, spec.family, dtype) if path.is_dir() else load_file(path, spec)
    config = dict(parts.scheduler_config)
    if spec.prediction is not None:
        config["prediction_type"] = spec.prediction
    if spec.zero_snr is not None:
        config["rescale_betas_zero_snr"] = spec.zero_snr
    kind, prediction = str(config.get("_class_name", "")), config.get("prediction_type", "epsilon")
    if "Flow" in kind or "EDM" in kind or prediction not in PREDICTIONS:
        raise ModelError(f"{path} is trained for another kind of sampling ({kind or prediction})")
    return Parts(**{**vars(parts), "scheduler_config": config})


def find_clip(backbone: LatentDiffusion, named: str | None) -> Clip:
    """Load the CLIP of a backbone: the one named, its own, or the one its family was made with.

    ModelError when it cannot be had, or when its text tower is not the one the backbone reads.
    """
    own = _own_clip(backbone.folder)
    name = named or (str(own) if own else MATCHING[backbone.family])
    folder = own if own and not named else _clip_folder(name, backbone.name, asked=bool(named))
    tower = backbone.towers[-1]
    clip = load_clip(folder, backbone.device, backbone.dtype, tower.tokenizer)
    check_same_tower(clip, tower, backbone.name, name)
    share_tower(clip, tower)
    return clip


def _own_clip(folder: Path | None) -> Path | None:
    inside = folder / "clip" if folder else None
    return inside if inside and inside.is_dir() else None


def _cached(parts: Parts) -> bool:
    return cached_file(MATCHING[parts.family], "config.json") is not None


def _clip_folder(name: str, model: str, *, asked: bool) -> Path:
    path = Path(name).expanduser()
    if path.is_dir():
        return _own_clip(path) or path
    if not HUB_ID.fullmatch(name):
        raise ModelError(f"there is no CLIP {name}: name a folder or a hub id")
    try:
        return fetch_clip(name)
    except ModelError as fault:
        if asked:
            raise
        why = f"{model} has no vision tower of its own, and its CLIP is not here"
        raise ModelError(f"{why} ({fault}); name one with --clip") from fault
