"""Eye: a CLIP's vision tower alone, as IP-Adapters look through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float
from PIL.Image import Image
from torch import Tensor

from lookalike.core.errors import ModelError
from lookalike.models.folder import load_part
from lookalike.models.hashing import files_sha256
from lookalike.models.layout import component_weights, json_of
from lookalike.models.parts import settled
from lookalike.models.preprocess import Preprocess
from lookalike.models.vision import load_clip, load_preprocess

Reads = Literal["projected", "states"]
"""What is taken of a tower: its projection of a whole picture, or its last states but one."""


@dataclass(frozen=True, eq=False)
class Eye:
    """A CLIPVisionModelWithProjection, and how its pictures are made ready."""

    tower: Any
    preprocess: Preprocess

    def width(self, reads: Reads) -> int:
        """How wide what it says is."""
        config = self.tower.config
        return int(config.projection_dim if reads == "projected" else config.hidden_size)

    @torch.no_grad()
    def look(self, pictures: Sequence[Image], reads: Reads) -> Float[Tensor, "pictures *told"]:
        """What the tower says of pictures, not normalised."""
        return self._told(self.preprocess(pictures), reads)

    @torch.no_grad()
    def blank(self, reads: Reads) -> Float[Tensor, "1 *told"]:
        """What stands for no picture: zeros, or what the tower says of zeros."""
        if reads == "projected":
            return torch.zeros(1, self.width(reads), device=self.tower.device)
        side = self.preprocess.side
        return self._told(torch.zeros(1, 3, side, side), reads)

    def _told(self, pixels: Tensor, reads: Reads) -> Tensor:
        placed = pixels.to(self.tower.device, self.tower.dtype)
        if reads == "projected":
            return self.tower(placed).image_embeds
        return self.tower(placed, output_hidden_states=True).hidden_states[-2]


def eye_files(folder: Path) -> list[Path]:
    """The checked weight files of a folder with a CLIP, or with its vision tower alone."""
    if not folder.is_dir():
        raise ModelError(f"there is no folder {folder}; an encoder is a CLIP vision tower's folder")
    if json_of(folder / "config.json").get("model_type") not in ("clip", "clip_vision_model"):
        raise ModelError(f"{folder} is not a CLIP, nor the vision tower of one")
    return component_weights(folder.parent, folder.name)[1]


def eye_sha256(folder: Path) -> str:
    """The SHA-256 of the weights in such a folder."""
    return files_sha256(eye_files(folder), folder)


def load_eye(folder: Path, device: torch.device, dtype: torch.dtype) -> Eye:
    """Load the vision tower of such a folder."""
    from transformers import CLIPVisionModelWithProjection

    eye_files(folder)
    if json_of(folder / "config.json")["model_type"] == "clip":
        whole = load_clip(folder, device, dtype)
        return Eye(whole.vision, whole.preprocess)
    variant, _ = component_weights(folder.parent, folder.name)
    tower = load_part(CLIPVisionModelWithProjection, folder, variant, dtype)
    preprocess = load_preprocess(folder, tower.config.image_size)
    return Eye(settled(tower, device, dtype), preprocess)
