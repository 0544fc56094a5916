"""The safety checker that lies in a checkpoint's folder: which pictures must not be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL.Image import Image

from lookalike.core.errors import ModelError
from lookalike.models.folder import loading
from lookalike.models.hub import HUB_ID, fetch_checker
from lookalike.models.layout import component_weights, json_of
from lookalike.models.original import Tensors, filled, tensors_below
from lookalike.models.preprocess import Preprocess
from lookalike.models.quiet import quiet
from lookalike.models.weights import read_header

CHECKER, EXTRACTOR = "safety_checker", "feature_extractor"
_NESTED, _BARE = "vision_model.vision_model.", "vision_model."
_BATCH = 16


@dataclass(frozen=True, eq=False)
class SafetyChecker:
    """Diffusers' checker with its weights, and how it wants to be shown pictures."""

    model: Any
    preprocess: Preprocess
    device: torch.device

    def __call__(self, pictures: Sequence[Image]) -> list[bool]:
        """Say of each picture whether it must not be shown."""
        told: list[bool] = []
        for start in range(0, len(pictures), _BATCH):
            batch = pictures[start : start + _BATCH]
            shown = self.preprocess(batch).to(self.device)
            # It blanks what it is given beside, and says so in the log; both are done elsewhere.
            with quiet():
                _, flags = self.model(shown, [np.zeros(1) for _ in batch])
            told += [bool(flag) for flag in flags]
        return told


def find_checker(folder: Path | None, name: str, device: torch.device) -> SafetyChecker | None:
    """The checker of a checkpoint: from its folder, or for one of the hub, from there.

    None where it came without one.

    Raises:
        ModelError: it has one that cannot be loaded; pictures are not to go unchecked for that.
    """
    if folder is None or not (folder / CHECKER / "config.json").is_file():
        return None
    # Only those of the hub are called OWNER/NAME.
    if HUB_ID.fullmatch(name) and not any((folder / CHECKER).glob("*.safetensors")):
        folder = fetch_checker(name)
    return load_checker(folder, device)


def load_checker(folder: Path, device: torch.device) -> SafetyChecker:
    """Load the checker of a diffusers folder from safetensors; ModelError where it cannot be."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig

    _, files = component_weights(folder, CHECKER)
    weights: Tensors = {}
    for file in files:
        weights |= {k: v.float() for k, v in tensors_below(read_header(file), "").items()}
    # As published the tower lies one level deeper than newer versions of transformers have it.
    bare = {k.replace(_NESTED, _BARE, 1): v for k, v in weights.items() if k.startswith(_NESTED)}
    place = folder / CHECKER
    with loading(place):
        config = CLIPConfig(**json_of(place / "config.json"))
        model = filled(StableDiffusionSafetyChecker, config, {**bare, **weights}, place)
    side = int(model.config.vision_config.image_size)
    return SafetyChecker(model.eval().to(device), _preprocess(folder, side), device)


def _preprocess(folder: Path, side: int) -> Preprocess:
    path = folder / EXTRACTOR / "preprocessor_config.json"
    if not path.is_file():
        raise ModelError(
            f"{folder} has a safety checker and no {EXTRACTOR}: the checkpoint is incomplete"
        )
    return Preprocess.of(json_of(path), side)
