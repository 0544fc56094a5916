"""Where pictures lie for CLIP: noted some time after they were kept, by which they are found alike.

Nobody who waits for a picture waits for that. What is still to be looked at stands in the database:
an item without a space; so a kill in between loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from sqlalchemy import func, select, update

from lookalike.core.errors import PictureError
from lookalike.core.pictures import open_picture
from lookalike.studio.database import Database, items, rows
from lookalike.studio.shelf import MARK, Shelf

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.models.backbone import Backbone

AT_ONCE = 8
"""Pictures that are looked at in one go."""

NOTHING = ""
"""The space of what has nothing to be seen: it was removed, or withheld."""

_LOOKED_AT = ("picture", "character", "description")
"""Grids are left out: whoever looks for likeness looks for the pictures in them."""

_UNSEEN = items.c.space.is_(None) & items.c.kind.in_(_LOOKED_AT)

_log = logging.getLogger(__name__)


class Looking:
    """Looks at what was kept, the oldest first, with the CLIP of the model that it is lent."""

    def __init__(self, database: Database, shelf: Shelf) -> None:
        """Take a database and the shelf of its files."""
        self._database, self._shelf = database, shelf

    def left(self) -> int:
        """How many items were not looked at yet."""
        with self._database.reading() as connection:
            counted = select(func.count()).select_from(items).where(_UNSEEN)
            return connection.execute(counted).scalar_one()

    def look(self, backbone: Backbone) -> list[int]:
        """Look at the next few items, and give their numbers; none where there is no CLIP."""
        if not backbone.has_clip:
            return []
        wanted = select(items).where(_UNSEEN).order_by(items.c.id).limit(AT_ONCE)
        with self._database.reading() as connection:
            found = rows(connection, wanted)
        shown = {name: self._opened(name) for row in found if (name := _shows(row))}
        seen = {name: picture for name, picture in shown.items() if picture is not None}
        vectors = looked_at(backbone, list(seen.values())) if seen else ()
        places = dict(zip(seen, vectors, strict=True))
        self._note(found, places, space_of(backbone))
        return [row["id"] for row in found]

    def _note(
        self,
        found: Sequence[Mapping[str, Any]],
        places: Mapping[str, Float[np.ndarray, " width"]],
        space: str,
    ) -> None:
        # What a power cut undoes is looked at once more.
        with self._database.noting() as connection:
            for row in found:
                place = places.get(_shows(row) or "")
                at = {"space": NOTHING, "vector": None}
                if place is not None:
                    at = {"space": space, "vector": place.astype(np.float32).tobytes()}
                # Its number may be another's by now, if it was removed meanwhile.
                same = (items.c.id == row["id"]) & (items.c.file == row["file"])
                connection.execute(update(items).where(same, _UNSEEN).values(at))

    def _opened(self, name: str) -> Image | None:
        try:
            return open_picture(self._shelf.path(name))
        except PictureError as fault:  # it was removed, for want of space or by hand
            _log.debug("%s", fault)
            return None


def space_of(backbone: Backbone) -> str:
    """The name of the space that a model's CLIP sees pictures in."""
    return backbone.clip.sha256 or backbone.space


def looked_at(backbone: Backbone, pictures: Sequence[Image]) -> Float[np.ndarray, "pictures width"]:
    """The places of pictures, at length 1."""
    from lookalike.describe.nearness import looked

    return looked(backbone.clip, pictures).numpy()


def _shows(row: Mapping[str, Any]) -> str | None:
    """The file of the picture that an item is found by."""
    if "withheld" in row["record"]:
        return None
    if row["kind"] == "character":
        shown = row["record"].get("shown")
        return f"{shown.removeprefix(MARK)}.png" if shown else None
    return row["file"]
