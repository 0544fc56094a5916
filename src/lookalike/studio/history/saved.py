"""The saved library in the history: its entries are lines there, found by words and by likeness."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, or_, select, update

from lookalike.core.errors import LookalikeError, PictureError
from lookalike.core.library import RECORD, Kept, Library
from lookalike.core.pictures import open_picture
from lookalike.core.png import recipe_in
from lookalike.models.card import is_card, read_card
from lookalike.studio.database import Database, items, now
from lookalike.studio.history.looking import looked_at, space_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.models.backbone import Backbone

TOLD = ("name", "kind", "role", "note", "licence", "saved", "sha256")
"""What the history tells of an entry: not where on the machine it came from."""

_log = logging.getLogger(__name__)


class SavedNames:
    """Keeps the history's lines of saved names as the library is, whoever changed it."""

    def __init__(self, database: Database) -> None:
        """Take the database of the history; nothing is read yet."""
        self._database, self._lock = database, threading.Lock()
        self._state: object = None

    def refresh(self) -> bool:
        """Have the lines say what the library holds; whether any of them was changed."""
        library = Library()
        with self._lock:
            state = _state(library)
            if state == self._state:
                return False
            wanted = {kept.name: _row(library, kept) for kept in readable(library)}
            with self._database.writing() as connection:
                changed = _change(connection, wanted)
            self._state = state
        return changed

    def look(self, backbone: Backbone) -> bool:
        """Note where the saved pictures lie that this model's CLIP has not looked at yet."""
        space, library = space_of(backbone), Library()
        unseen = select(items.c.id, items.c.name).where(
            items.c.kind == "saved", or_(items.c.space.is_(None), items.c.space != space)
        )
        with self._lock:
            with self._database.reading() as connection:
                found = {row.id: row.name for row in connection.execute(unseen)}
            opened = {number: _open(library, name) for number, name in found.items()}
            shown = {number: each for number, each in opened.items() if each is not None}
            if not shown:
                return False
            places = looked_at(backbone, list(shown.values()))
            with self._database.writing() as connection:
                for number, place in zip(shown, places, strict=True):
                    at = {"vector": place.astype("float32").tobytes(), "space": space}
                    connection.execute(update(items).where(items.c.id == number).values(at))
        return True


def readable(library: Library) -> Iterator[Kept]:
    """The entries of the library, without those that are damaged, which the log names."""
    for name in library.names():
        try:
            yield library.get(name)
        except PictureError as fault:
            _log.warning("%s", fault)


def _state(library: Library) -> object:
    """What is different after every change: the library is changed by the command line too."""
    records = [library.folder / name / RECORD for name in library.names()]
    return library.folder, [(path, _moment(path)) for path in records]


def _moment(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # it was forgotten in between, and the next look tells
        return 0


def _row(library: Library, kept: Kept) -> dict[str, Any]:
    picture = _open(library, kept.name)
    width, height = picture.size if picture else (None, None)
    record = kept.model_dump(mode="json", include=set(TOLD))
    return {"text": _text(library, kept), "record": record, "width": width, "height": height}


def _text(library: Library, kept: Kept) -> str:
    """What an entry is found by: its name, what was noted, and the words that made it."""
    said = [kept.note, kept.role or "", _words(library, kept)]
    return ": ".join(each for each in (f"@{kept.name}", ", ".join(filter(None, said))) if each)


def _words(library: Library, kept: Kept) -> str:
    try:
        prompt = library.prompt(kept.name)
        if prompt is not None and is_card(prompt):
            return read_card(prompt).about.portrait
        recipe = recipe_in(library.path(kept.name).read_bytes())
    except LookalikeError as fault:
        _log.warning("%s", fault)
        return ""
    return "" if recipe is None else recipe.prompt.text or recipe.resolved


def _open(library: Library, name: str) -> Image | None:
    try:
        return open_picture(library.path(name))
    except PictureError as fault:
        _log.warning("%s", fault)
        return None


def _change(connection: Connection, wanted: Mapping[str, Mapping[str, Any]]) -> bool:
    """Put down what is new, put right what is another by now, remove what is not there."""
    kept = select(items.c.name, items.c.text, items.c.record).where(items.c.kind == "saved")
    there = {row.name: row for row in connection.execute(kept)}
    gone = [name for name in there if name not in wanted]
    others = [
        name
        for name, row in wanted.items()
        if name in there and (there[name].text, there[name].record) != (row["text"], row["record"])
    ]
    new = [name for name in wanted if name not in there]
    connection.execute(delete(items).where(items.c.kind == "saved", items.c.name.in_(gone)))
    for name in others:
        other = {**wanted[name], "vector": None, "space": None}
        connection.execute(update(items).where(items.c.name == name).values(other))
    for name in new:
        own = {"kind": "saved", "name": name, "created": now()}
        connection.execute(items.insert().values(**own, **wanted[name]))
    return bool(gone or others or new)
