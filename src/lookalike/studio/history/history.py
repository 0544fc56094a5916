"""The history to look through: newest first, by words, by likeness; stars, and what is removed."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from sqlalchemy import Select, bindparam, delete, select, text, update

from lookalike.core.errors import OptionError
from lookalike.core.nearest import Nearest
from lookalike.studio.database import Database, items, rows
from lookalike.studio.faults import UnknownError
from lookalike.studio.history.budget import used
from lookalike.studio.records import Item, Kind
from lookalike.studio.shelf import MARK, Shelf

_SHOWN = [column for column in items.c if column.name not in ("vector", "space", "bytes", "name")]


class History:
    """All items, whichever job made them."""

    def __init__(self, database: Database, shelf: Shelf) -> None:
        """Take a database and the shelf of its files."""
        self._database, self._shelf = database, shelf
        self._lock = threading.Lock()
        self._near: dict[str, tuple[int, list[int], Nearest]] = {}

    def find(
        self,
        words: str = "",
        *,
        kind: Kind | None = None,
        starred: bool | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Item]:
        """Items, the newest first: whose text holds all `words`, or what begins like them.

        `before` is the last number of the page before.
        """
        wanted = _narrowed(select(*_SHOWN), kind, starred)
        if words.strip():
            found = text("items.id IN (SELECT rowid FROM texts WHERE texts MATCH :query)")
            query = _query(words)
            if not query:
                return []
            wanted = wanted.where(found.bindparams(bindparam("query", query)))
        if before is not None:
            wanted = wanted.where(items.c.id < before)
        with self._database.reading() as connection:
            return [self._item(row) for row in rows(connection, _newest(wanted, limit))]

    def like(
        self,
        vector: Float[np.ndarray, " width"],
        space: str,
        *,
        kind: Kind | None = None,
        starred: bool | None = None,
        limit: int = 50,
    ) -> list[Item]:
        """Items whose pictures are most like a place in a CLIP's space, the most alike first."""
        numbers, near = self._nearest(space)
        if near is None:
            return []
        # All that are there, where some of them are not wanted.
        count = len(numbers) if kind or starred is not None else min(limit, len(numbers))
        cosines, found = near.find(vector[None], count)
        scores = {numbers[row]: float(c) for row, c in zip(found[0], cosines[0], strict=True)}
        wanted = _narrowed(select(*_SHOWN), kind, starred).where(items.c.id.in_(scores))
        with self._database.reading() as connection:
            found = [self._item(row, scores[row["id"]]) for row in rows(connection, wanted)]
        return sorted(found, key=lambda one: (-(one.likeness or 0), one.id))[:limit]

    def vector(self, number: int) -> tuple[Float[np.ndarray, " width"], str]:
        """Where an item lies, and in which space; `UnknownError` where it was never looked at."""
        with self._database.reading() as connection:
            wanted = select(items.c.vector, items.c.space).where(items.c.id == number)
            found = connection.execute(wanted).first()
        if found is None or found.vector is None:
            raise UnknownError(f"there is nothing to compare item {number} by")
        return np.frombuffer(found.vector, np.float32), found.space

    def get(self, number: int) -> Item:
        """An item; `UnknownError` where there is none of that number."""
        with self._database.reading() as connection:
            for row in rows(connection, select(*_SHOWN).where(items.c.id == number)):
                return self._item(row)
        raise UnknownError(f"there is no item {number}")

    def of_jobs(self, jobs: Sequence[str]) -> dict[str, tuple[Item, ...]]:
        """What each of some jobs made."""
        wanted = select(*_SHOWN).where(items.c.job.in_(jobs)).order_by(items.c.id)
        found: dict[str, list[Item]] = {job: [] for job in jobs}
        with self._database.reading() as connection:
            for row in rows(connection, wanted):
                found[row["job"]].append(self._item(row))
        return {job: tuple(each) for job, each in found.items()}

    def star(self, number: int, starred: bool) -> Item:
        """Star an item, so that it is kept whatever happens, or take its star."""
        with self._database.writing() as connection:
            connection.execute(update(items).where(items.c.id == number).values(starred=starred))
        return self.get(number)

    def forget(self, number: int) -> None:
        """Remove an item; its file too, where nothing else has it.

        Raises:
            UnknownError: there is none of that number. OptionError: the library has it.
        """
        item = self.get(number)
        if item.kind == "saved":
            raise OptionError(
                f"item {number} is {item.picture} of the library; forget it there, and it is gone "
                "here too"
            )
        with self._database.writing() as connection:
            connection.execute(delete(items).where(items.c.id == number))
        self.look_anew()
        if item.file is not None:
            self._drop_unused(item.file)

    def placed(self, numbers: Sequence[int]) -> None:
        """Hear of items that have a place from now on."""
        first = min(numbers, default=None)
        with self._lock:
            # What comes behind the last one is found by its number.
            for space in [one for one, kept in self._near.items() if first and first <= kept[0]]:
                del self._near[space]

    def look_anew(self) -> None:
        """Read all places again: some of them changed, or are gone."""
        with self._lock:
            self._near.clear()

    def _drop_unused(self, file: str) -> None:
        if file not in used(self._database):
            self._shelf.drop(file)

    def _item(self, row: Mapping[str, Any], likeness: float | None = None) -> Item:
        mark = _mark(row)
        if row["kind"] == "character" and not self._shelf.has(mark):
            mark = None  # the portrait was removed for want of space; the card is still there
        found = {"picture": mark, "likeness": likeness, "withheld": "withheld" in row["record"]}
        return Item.model_validate({**row, **found})

    def _nearest(self, space: str) -> tuple[list[int], Nearest | None]:
        """The vectors of a space, in memory; those that came since are put behind them."""
        with self._lock:
            last, numbers, near = self._near.get(space, (0, [], None))
            wanted = (
                select(items.c.id, items.c.vector)
                .where(items.c.space == space, items.c.id > last)
                .order_by(items.c.id)
            )
            with self._database.reading() as connection:
                new_ones = connection.execute(wanted).all()
            if new_ones:
                new = np.stack([np.frombuffer(row.vector, np.float32) for row in new_ones])
                if near is None:
                    near = Nearest.of(new)
                else:
                    near.add(new)
                numbers = [*numbers, *(row.id for row in new_ones)]
                self._near[space] = (numbers[-1], numbers, near)
            return numbers, near


def _mark(row: Mapping[str, Any]) -> str | None:
    """What requests call the picture of an item."""
    if row["kind"] == "saved":
        return f"@{row['record']['name']}"
    if row["kind"] == "character":
        return row["record"].get("shown")
    file = row["file"]
    if file is None or row["gone"] or not file.endswith(".png"):
        return None
    return f"{MARK}{file.removesuffix('.png')}"


def _narrowed(wanted: Select[Any], kind: Kind | None, starred: bool | None) -> Select[Any]:
    if kind is not None:
        wanted = wanted.where(items.c.kind == kind)
    if starred is not None:
        wanted = wanted.where(items.c.starred == starred)
    return wanted


def _newest(wanted: Select[Any], limit: int) -> Select[Any]:
    return wanted.order_by(items.c.id.desc()).limit(limit)


def _query(words: str) -> str:
    """Words as FTS5 reads them: each in quotes, so that none of them is one of its operators."""
    found = re.findall(r"\w+", words)[:32]
    return " ".join(f'"{word}"*' for word in found)
