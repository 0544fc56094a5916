"""What a job made, kept: files first, then the history and the job's end in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL.Image import Image
from sqlalchemy.dialects.sqlite import insert

from lookalike.studio.database import Database, items, now
from lookalike.studio.jobs.queue import end
from lookalike.studio.records import Kind
from lookalike.studio.shelf import MARK, Shelf


@dataclass(frozen=True, eq=False)
class Made:
    """One thing that a job made; `file` names one that is on the shelf already."""

    kind: Kind
    text: str = ""
    data: bytes | None = None
    ending: str = "png"
    file: str | None = None
    picture: Image | None = None  # for who looks at it before it is kept
    size: tuple[int, int] | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    vector: Float[np.ndarray, " width"] | None = None
    space: str | None = None


def keep(
    database: Database, shelf: Shelf, job: str, made: Sequence[Made], notes: Sequence[str] = ()
) -> bool:
    """Keep what a job made and end it; whether it was kept.

    It is not where the job had ended before: cancelled at the last moment, or done by another.
    """
    rows = [_row(shelf, job, one) for one in made]
    _show_characters(made, rows)
    for kind in {one.kind for one in made}:
        same = [row for row in rows if row["kind"] == kind]
        for place, row in enumerate(same):
            row["place"] = place
    with database.writing() as connection:
        if not end(connection, job, "done", notes=notes):
            return False
        for row in rows:
            connection.execute(insert(items).values(row))
    return True


def _show_characters(made: Sequence[Made], rows: Sequence[dict[str, Any]]) -> None:
    """Have each character's line name its portrait, which is a picture of the same job."""
    pairs = list(zip(made, rows, strict=True))
    faces = {id(one.picture): row["file"] for one, row in pairs if one.kind == "picture"}
    for one, row in pairs:
        if one.kind == "character" and (file := faces.get(id(one.picture))):
            row["record"]["shown"] = f"{MARK}{file.removesuffix('.png')}"


def bring(database: Database, shelf: Shelf, mark: str, size: tuple[int, int]) -> int:
    """Note an upload, once for each picture, and give its number in the history."""
    path = shelf.picture(mark)
    file = path.name
    with database.writing() as connection:
        wanted = items.select().where(items.c.file == file, items.c.kind == "upload")
        if found := connection.execute(wanted).first():
            return found.id
        made = Made("upload", file=file, size=size)
        values = _row(shelf, None, made)
        new = items.insert().values(values).returning(items.c.id)
        return connection.execute(new).scalar_one()


def _row(shelf: Shelf, job: str | None, made: Made) -> dict[str, Any]:
    file = made.file if made.data is None else shelf.keep(made.data, made.ending)
    width, height = made.size or (None, None)
    return {
        "job": job,
        "kind": made.kind,
        "place": 0,
        "file": file,
        "bytes": 0 if file is None else (shelf.folder / file).stat().st_size,
        "width": width,
        "height": height,
        "text": made.text,
        "record": dict(made.record),
        "created": now(),
        "starred": False,
        "gone": False,
        "space": made.space,
        "vector": None if made.vector is None else made.vector.astype(np.float32).tobytes(),
    }
