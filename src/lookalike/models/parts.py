"""Parts: what any loader finds in a checkpoint, before it becomes a Backbone."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lookalike.models.quiet import quiet
from lookalike.models.spec import Family
from lookalike.models.towers import TextTower, fingerprint


@dataclass(frozen=True)
class Parts:
    """The loaded modules of one checkpoint, each in the precision that it is stored in."""

    family: Family
    unet: Any
    vae: Any
    towers: tuple[TextTower, ...]
    scheduler_config: dict[str, Any]
    folder: Path | None = None
    blank_is_zero: bool = field(default=False)  # SDXL was trained with zeros for "no text"

    def to(self, device: torch.device, dtype: torch.dtype) -> Parts:
        """Move every part to a device and precision, ready to run and closed to training.

        In float16 SDXL's VAE stays in float32, which it overflows otherwise, unless its config
        says that it was mended; those of the other families hold their numbers in bounds.
        """
        forced = self.family == "sdxl" and self.vae.config.get("force_upcast", True)
        exact = torch.float32 if forced and dtype == torch.float16 else dtype
        return Parts(
            family=self.family,
            unet=settled(self.unet, device, dtype),
            vae=settled(self.vae, device, exact),
            towers=tuple(_settled_tower(tower, device, dtype) for tower in self.towers),
            scheduler_config=self.scheduler_config,
            folder=self.folder,
            blank_is_zero=self.blank_is_zero,
        )


def settled(module: nn.Module, device: torch.device, dtype: torch.dtype) -> Any:
    """Move a module, switch its dropout off, and ask for no gradients of its weights."""
    with quiet():
        return module.to(device=device, dtype=dtype).eval().requires_grad_(False)


def _settled_tower(tower: TextTower, device: torch.device, dtype: torch.dtype) -> TextTower:
    # Taken before the weights change precision, so that the space's name does not depend on it.
    mark = tower.fingerprint or fingerprint(tower.model)
    return TextTower(settled(tower.model, device, dtype), tower.tokenizer, mark)
