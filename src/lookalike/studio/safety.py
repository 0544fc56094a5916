"""The content-safety hook: a checkpoint's own checker looks at pictures before they are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from lookalike.core.errors import ModelError
from lookalike.core.png import png_bytes
from lookalike.studio.history.keeping import Made

if TYPE_CHECKING:
    import torch

    from lookalike.models.backbone import Backbone

Checker = Callable[[Sequence[Image.Image]], Sequence[bool]]
"""Says of each picture whether it must not be shown."""

Finder = Callable[["Backbone"], Checker | None]
"""Finds the checker that belongs to a model."""


def checker_of(backbone: Backbone) -> Checker | None:
    """The safety checker that came with a checkpoint; None where none did, as with mini.

    Raises:
        ModelError: it came with one that cannot be used.
    """
    if backbone.folder is None:
        return None
    try:
        return _loaded(backbone.folder, backbone.name, backbone.device)
    except ModelError as fault:
        raise ModelError(
            f"the safety checker of {backbone.name} cannot be used: {fault}; "
            "`lookalike studio --no-safety-checker` goes without"
        ) from fault


def unchecked(backbone: Backbone) -> None:
    """No checker, whatever came with the checkpoint: whoever starts the studio wants none."""
    del backbone


@lru_cache(maxsize=4)
def _loaded(folder: Path, name: str, device: torch.device) -> Checker | None:
    from lookalike.models.safety_checker import find_checker

    return find_checker(folder, name, device)


def allowed(made: Sequence[Made], checker: Checker | None, notes: list[str]) -> list[Made]:
    """What may be kept: in place of a picture that may not, there is a blank one, which says so.

    What would show it too, a grid or a character's card, is left out.
    """
    if checker is None:
        return list(made)
    shown = [one for one in made if one.kind == "picture" and one.picture is not None]
    told = checker([one.picture for one in shown if one.picture is not None]) if shown else []
    bad = {id(one.picture) for one, wrong in zip(shown, told, strict=True) if wrong}
    if not bad:
        return list(made)
    notes.append(
        f"the model's safety checker withheld {len(bad)} of {len(shown)} pictures: blank ones are "
        "in their place"
    )
    kept = [one for one in made if one.kind == "picture" or id(one.picture) not in bad]
    return [_blank(one) if id(one.picture) in bad else one for one in kept if one.kind != "grid"]


def _blank(one: Made) -> Made:
    """Nothing of the picture: not its pixels, nor in its file the way to make it again."""
    page = Image.new("RGB", one.size or (1, 1))
    record = {**one.record, "withheld": True}
    return replace(one, data=png_bytes(page), picture=None, record=record)
