"""Room on the disk: when files take more than they may, the oldest go, but never what is starred.

What goes are files. The history keeps their lines: the prompt, the recipe, and with it the way to
make the picture again.
"""

from __future__ import annotations

from sqlalchemy import func, select, update

from lookalike.studio.database import Database, items, jobs
from lookalike.studio.records import ENDED
from lookalike.studio.shelf import MARK, Shelf


def total(database: Database) -> int:
    """Bytes of all files in the history, each counted once."""
    each = select(items.c.file, func.max(items.c.bytes).label("bytes"))
    kept = each.where(items.c.file.is_not(None), ~items.c.gone).group_by(items.c.file).subquery()
    with database.reading() as connection:
        return connection.execute(select(func.coalesce(func.sum(kept.c.bytes), 0))).scalar_one()


def sweep(database: Database, shelf: Shelf, most: int) -> list[str]:
    """Remove the oldest files until the rest takes at most `most` bytes; the names of those gone.

    Kept are: files of starred items, pictures that starred items were made from, and pictures that
    unfinished jobs need. Where they alone take more, they take more.
    """
    left = total(database)
    if left <= most:
        return []
    needed = _needed(database)
    wanted = (
        select(items.c.file, func.max(items.c.bytes).label("bytes"))
        .where(items.c.file.is_not(None), ~items.c.gone)
        .group_by(items.c.file)
        # A picture that was used again lately is young again.
        .order_by(func.max(items.c.id))
    )
    with database.reading() as connection:
        oldest = connection.execute(wanted).all()
    gone: list[str] = []
    for file, size in oldest:
        if left <= most:
            break
        if file not in needed:
            gone.append(file)
            left -= size
    _remove(database, shelf, gone)
    return gone


def tidy(database: Database, shelf: Shelf) -> list[str]:
    """Remove files that nothing in the database knows: a kill came between them and their lines."""
    known = used(database) | _leaned_on(database)
    stray = [name for name in shelf.names() if name not in known]
    for name in stray:
        shelf.drop(name)
    return stray


def used(database: Database) -> set[str]:
    """The files that the history or an unfinished job has."""
    with database.reading() as connection:
        listed = select(items.c.file).where(items.c.file.is_not(None), ~items.c.gone)
        return set(connection.execute(listed).scalars()) | _needed(database)


def _leaned_on(database: Database) -> set[str]:
    """The files that what is there was made from.

    A picture that a job brought along is no item, but what was made from it is not made again
    without it.
    """
    listed = select(items.c.record).where(items.c.file.is_not(None), ~items.c.gone)
    with database.reading() as connection:
        return {file for record in connection.execute(listed).scalars() for file in _marked(record)}


def _remove(database: Database, shelf: Shelf, files: list[str]) -> None:
    if not files:
        return
    # Said before it is done: a line without its file would promise what is not there.
    with database.writing() as connection:
        connection.execute(
            update(items).where(items.c.file.in_(files), ~items.c.starred).values(gone=True)
        )
    for file in files:
        shelf.drop(file)


def _needed(database: Database) -> set[str]:
    with database.reading() as connection:
        starred = connection.execute(select(items.c.file, items.c.record).where(items.c.starred))
        found = {file for row in starred for file in (row.file, *_marked(row.record))}
        waiting = connection.execute(select(jobs.c.request).where(jobs.c.state.not_in(ENDED)))
        for request in waiting.scalars():
            found |= _marked(request)
    return {file for file in found if file}


def _marked(value: object) -> set[str]:
    """The files of all pictures that are named in a request or a recipe."""
    if isinstance(value, str):
        return {f"{value.removeprefix(MARK)}.png"} if value.startswith(MARK) else set()
    if isinstance(value, dict):
        return {file for each in (*value, *value.values()) for file in _marked(each)}
    if isinstance(value, list):
        return {file for each in value for file in _marked(each)}
    return set()
