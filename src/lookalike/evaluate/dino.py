"""DINO's features of pictures, where a user has a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from PIL.Image import Image
from torch import Tensor

from lookalike.core.errors import ModelError
from lookalike.models.preprocess import Preprocess, beside
from lookalike.models.towers import batches


class Dino:
    """A vision transformer whose class token is a picture's feature (Ruiz et al. 2023)."""

    def __init__(self, net: Any, preprocess: Preprocess) -> None:
        self.net, self.preprocess = net, preprocess

    @classmethod
    def load(cls, folder: Path, device: torch.device | str = "cpu") -> Dino:
        """The model of a folder that transformers' AutoModel reads; safetensors only.

        Raises:
            ModelError: the folder holds no such model.
        """
        from transformers import AutoModel

        if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
            raise ModelError(f"{folder} holds no model: config.json and safetensors are needed")
        try:
            net: Any = AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, KeyError, RuntimeError) as fault:
            line = str(fault).strip().splitlines()[0]
            raise ModelError(f"{folder} cannot be loaded as a vision model: {line}") from fault
        side = getattr(net.config, "image_size", None)
        if not isinstance(side, int):
            raise ModelError(f"{folder} is no vision model: its config.json has no image_size")
        return cls(net.eval().requires_grad_(False).to(device), beside(folder, side))

    @torch.no_grad()
    def see(self, pictures: Sequence[Image]) -> Float[Tensor, "batch width"]:
        """The class token of each picture, after the last layer norm."""
        seen = [
            self.net(pixel_values=pixels.to(self.net.device)).last_hidden_state[:, 0]
            for pixels in map(self.preprocess, batches(pictures))
        ]
        return torch.cat(seen).float()
