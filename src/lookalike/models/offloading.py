"""Offloading: a model's parts wait in main memory, and only the one that works is on the device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lookalike.models.backbone import Backbone

REST = torch.device("cpu")


class Stage:
    """A device with room for one part: who comes on sends off who was there."""

    def __init__(self, device: torch.device) -> None:
        """Take the device; nobody is on it yet."""
        self.device = device
        self.on: nn.Module | None = None

    def enter(self, part: nn.Module) -> None:
        """Bring a part on, unless it is there already."""
        if part is self.on:
            return
        if self.on is not None:
            self.on.to(REST)
        part.to(self.device)
        self.on = part

    def watch(self, part: nn.Module, doors: tuple[nn.Module, ...]) -> None:
        """Bring a part on whenever one of its modules, through which work comes in, is called."""

        def come(_: nn.Module, given: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
            self.enter(part)
            placed = {name: self._placed(each) for name, each in named.items()}
            return tuple(self._placed(each) for each in given), placed

        for door in doors:
            door.register_forward_pre_hook(come, with_kwargs=True)

    def _placed(self, given: Any) -> Any:
        return given.to(self.device) if isinstance(given, Tensor) else given


def offloaded(backbone: Backbone, device: torch.device) -> Stage:
    """Let a backbone that was loaded into main memory work on a device, part by part."""
    stage = Stage(device)
    stage.watch(backbone.unet, (backbone.unet,))
    for tower in backbone.towers:
        stage.watch(tower.model, (tower.model,))
    vae = backbone.vae
    # Its halves are methods, not modules: what they call first is what comes by.
    first = (vae.encoder, vae.decoder, getattr(vae, "post_quant_conv", None))
    stage.watch(vae, tuple(one for one in first if one is not None))
    backbone.device = device
    return stage
