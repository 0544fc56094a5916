"""Where pictures lie for CLIP: noted when they are kept, so that they are found by likeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from lookalike.core.pictures import open_picture
from lookalike.studio.history.keeping import Made
from lookalike.studio.shelf import Shelf

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.models.backbone import Backbone


_LOOKED_AT = ("picture", "character")


def space_of(backbone: Backbone) -> str:
    """The name of the space that a model's CLIP sees pictures in."""
    return backbone.clip.sha256 or backbone.space


def seen(backbone: Backbone, made: Sequence[Made], shelf: Shelf) -> list[Made]:
    """The same with the place of each picture, where the model has a CLIP at hand.

    Grids are left out: whoever looks for likeness looks for the pictures in them.
    """
    if not backbone.has_clip:
        return list(made)
    pictures: dict[int | str, Image] = {}
    for one in made:
        if one.kind in _LOOKED_AT and one.picture is not None:
            pictures[id(one.picture)] = one.picture
        elif one.kind == "description" and one.file is not None and one.file not in pictures:
            pictures[one.file] = open_picture(shelf.path(one.file))
    if not pictures:
        return list(made)
    rows = looked_at(backbone, list(pictures.values()))
    places = dict(zip(pictures, rows, strict=True))
    return [_placed(one, places, space_of(backbone)) for one in made]


def looked_at(backbone: Backbone, pictures: Sequence[Image]) -> Float[np.ndarray, "pictures width"]:
    """The places of pictures, at length 1."""
    from lookalike.describe.nearness import looked

    return looked(backbone.clip, pictures).numpy()


def _placed(one: Made, places: dict[int | str, Float[np.ndarray, " width"]], space: str) -> Made:
    vector = None if one.kind not in _LOOKED_AT else places.get(id(one.picture))
    if vector is None and one.file is not None:
        vector = places.get(one.file)
    return one if vector is None else replace(one, vector=vector, space=space)
