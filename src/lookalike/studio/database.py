"""The studio's tables, in SQLite: opened in WAL mode, checked, read and written in transactions.

SQLAlchemy's core, without its object mapper: it keeps connections for threads, binds every value,
and says what a table is in one place; the records are our own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Engine,
    Executable,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    text,
)
from sqlalchemy.exc import DBAPIError

from lookalike.core.errors import LookalikeError

VERSION = 2
"""Of the tables; a folder of a later studio is refused, not guessed at."""

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("verb", String, nullable=False),
    Column("request", JSON, nullable=False),
    Column("model", String, nullable=False),
    Column("client", String, nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("ended", Float),
    Column("error", JSON(none_as_null=True)),
    Column("notes", JSON, nullable=False, default=list),
    Column("retry_of", String),
    Index("waiting", "state", "model", "priority", "created"),
)

items = Table(
    "items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job", String, ForeignKey("jobs.id")),
    Column("kind", String, nullable=False),
    Column("place", Integer, nullable=False, default=0),
    Column("file", String),
    Column("bytes", Integer, nullable=False, default=0),
    Column("width", Integer),
    Column("height", Integer),
    Column("text", String, nullable=False, default=""),
    Column("record", JSON, nullable=False, default=dict),
    Column("starred", Boolean, nullable=False, default=False),
    Column("gone", Boolean, nullable=False, default=False),
    Column("created", Float, nullable=False),
    Column("space", String),
    Column("vector", LargeBinary),
    # Of what is saved in the library: an entry is one line, whatever becomes of it.
    Column("name", String),
    # What makes a job that was done twice show once.
    UniqueConstraint("job", "kind", "place"),
    Index("by_file", "file"),
    Index("by_space", "space"),
)

_SEARCH = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5(text, content='items', content_rowid='id',"
    " tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER IF NOT EXISTS texts_in AFTER INSERT ON items BEGIN"
    " INSERT INTO texts(rowid, text) VALUES (new.id, new.text); END",
    "CREATE TRIGGER IF NOT EXISTS texts_out AFTER DELETE ON items BEGIN"
    " INSERT INTO texts(texts, rowid, text) VALUES ('delete', old.id, old.text); END",
    "CREATE TRIGGER IF NOT EXISTS texts_anew AFTER UPDATE OF text ON items BEGIN"
    " INSERT INTO texts(texts, rowid, text) VALUES ('delete', old.id, old.text);"
    " INSERT INTO texts(rowid, text) VALUES (new.id, new.text); END",
    "CREATE UNIQUE INDEX IF NOT EXISTS by_name ON items(name)",
)
_UPWARDS: Mapping[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE items ADD COLUMN name VARCHAR",
        # A character is found by its likeness, which is that of its portrait.
        "UPDATE items SET (vector, space) = (SELECT p.vector, p.space FROM items p"
        " WHERE p.job = items.job AND p.kind = 'picture' AND p.place = items.place)"
        " WHERE kind = 'character' AND vector IS NULL",
    ),
}
"""What makes the tables of a version those of the next."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A job that was accepted is on the disk: also after a power cut.
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA foreign_keys = ON",
)


class Database:
    """One SQLite file; every thread has a connection of its own."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it; `LookalikeError` where it is damaged or of a later version."""
        self.path = path
        self._engine, self._quick = _engine(path, _connected), _engine(path, _quickly)
        try:
            self._open()
        except DBAPIError as fault:
            self._engine.dispose()
            raise LookalikeError(
                f"the database {path} cannot be used: {fault.orig}; move it away to begin anew, "
                "the pictures beside it stay"
            ) from fault

    def _open(self) -> None:
        with self.writing() as connection:
            found = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
            version = connection.execute(text("PRAGMA user_version")).scalar_one()
            if found != "ok":
                raise LookalikeError(f"the database {self.path} is damaged: {found}")
            if version > VERSION:
                raise LookalikeError(
                    f"the database {self.path} is of a later lookalike: its version is {version}, "
                    f"and this one knows {VERSION}"
                )
            steps = [_UPWARDS[each] for each in range(version, VERSION)] if version else []
            metadata.create_all(connection)
            own = (statement for step in steps for statement in step)
            for statement in (*own, *_SEARCH, f"PRAGMA user_version = {VERSION}"):
                connection.execute(text(statement))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the pen from its beginning: all of it is done, or nothing."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def noting(self) -> Iterator[Connection]:
        """A transaction that a power cut may undo, though no kill does: it waits for no disk.

        For what is no loss: a job that was begun is begun once more.
        """
        with self._quick.begin() as connection:
            yield connection

    def sync(self) -> None:
        """Have what was noted so far bear a power cut too: whoever noted it may wait later.

        The log has no locks of SQLite on it, as the database has, which a second opening would end.
        """
        with suppress(FileNotFoundError):  # all of it is in the database already
            log = os.open(f"{self.path}-wal", os.O_RDWR)
            try:
                os.fsync(log)
            finally:
                os.close(log)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that waits for nobody."""
        with self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()
        self._quick.dispose()


def rows(connection: Connection, statement: Executable) -> list[dict[str, Any]]:
    """What a query finds, each row by the names of its columns."""
    found = connection.execute(statement).mappings()
    return [{str(name): value for name, value in row.items()} for row in found]


def now() -> float:
    """The time, as it is kept: seconds since 1970."""
    return round(time.time(), 3)


def _engine(path: Path, connected: Callable[[Any, Any], None]) -> Engine:
    engine = create_engine(f"sqlite:///{path}", pool_size=8, max_overflow=64)
    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", _begun)
    return engine


def _quickly(connection: Any, record: Any) -> None:
    _connected(connection, record)
    connection.execute("PRAGMA synchronous = NORMAL")


def _connected(connection: Any, _record: Any) -> None:
    # SQLAlchemy begins transactions itself, below; sqlite3 is not to begin others.
    connection.isolation_level = None
    for statement in _PRAGMAS:
        connection.execute(statement)


def _begun(connection: Connection) -> None:
    # Deferred transactions that turn to writing fail where another wrote in between.
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
