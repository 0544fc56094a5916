"""The vision tower that a reader begins with: CLIP's own, or one from a folder."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from lookalike.core.errors import ModelError
from lookalike.models.backbone import Backbone
from lookalike.models.folder import loading
from lookalike.models.layout import json_of
from lookalike.models.preprocess import Preprocess, beside


@dataclass(frozen=True)
class Given(ABC):
    """A vision tower to begin with, or with its weights forgotten if `scratch`."""

    scratch: bool
    width: int  # of what it says of a picture

    @abstractmethod
    def vision(self, backbone: Backbone) -> nn.Module:
        """A copy that may learn."""

    @abstractmethod
    def preprocess(self, backbone: Backbone) -> Preprocess:
        """How its pictures are made ready."""


@dataclass(frozen=True)
class Own(Given):
    """The vision tower of the Backbone's CLIP."""

    def vision(self, backbone: Backbone) -> nn.Module:
        """A copy of it, without its projection."""
        return copy.deepcopy(backbone.clip.vision.vision_model)

    def preprocess(self, backbone: Backbone) -> Preprocess:
        """As CLIP's."""
        return backbone.clip.preprocess


@dataclass(frozen=True)
class Other(Given):
    """A vision model of transformers (ViT, Swin, DINOv2, …), from a folder or by its shape."""

    config: Mapping[str, Any]
    folder: Path | None

    def vision(self, backbone: Backbone) -> nn.Module:
        """The folder's weights; without a folder an untrained one of the shape."""
        from transformers import AutoConfig, AutoModel

        with loading(self.folder or self.config.get("model_type")):
            if self.folder is not None:
                return AutoModel.from_pretrained(
                    self.folder, local_files_only=True, use_safetensors=True
                )
            kind = dict(self.config)
            return AutoModel.from_config(AutoConfig.for_model(kind.pop("model_type"), **kind))

    def preprocess(self, backbone: Backbone) -> Preprocess:
        """At its own side, with the folder's means and deviations, else ImageNet's."""
        return beside(self.folder, int(self.config["image_size"]))


def given_of(backbone: Backbone, options: Mapping[str, Any]) -> Given:
    """The tower that options name: `folder`, else `config`, else CLIP's; `scratch` forgets it.

    Raises:
        ModelError: the folder holds no vision model.
    """
    scratch = bool(options.get("scratch", False))
    if not options.get("folder") and not options.get("config"):
        return Own(scratch, int(backbone.clip.vision.config.hidden_size))
    folder = Path(options["folder"]) if options.get("folder") else None
    config = options.get("config") or json_of(Path(options["folder"]) / "config.json")
    width, side = config.get("hidden_size"), config.get("image_size")
    if not isinstance(width, int) or not isinstance(side, int):
        raise ModelError(
            f"{folder or 'the reader'} is no vision model: its config has no hidden_size and "
            "image_size in whole numbers"
        )
    return Other(scratch, width, config, folder)
