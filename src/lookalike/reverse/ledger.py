"""What an import has done so far, on disk, so that a killed one loses and repeats nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lookalike.reverse.diffusiondb import Entry
from lookalike.reverse.manifest import DataError

SHOWN = 5
"""Faults that are kept by name for each reason; the others are counted."""

_SCHEMA = """
create table if not exists told (part text, entry text);
create index if not exists told_by_part on told (part);
create table if not exists told_parts (part text primary key);
create table if not exists done (part text primary key);
create table if not exists kept (name text primary key, part text, place integer, entry text);
create table if not exists prompts (place integer primary key, prompt text unique);
create table if not exists batches (file text primary key, done integer);
create table if not exists written (file text primary key);
create table if not exists counts (reason text primary key, count integer);
create table if not exists faults (reason text, name text);
"""


@dataclass
class Tally:
    """How many rows were left out, by reason, and the names of what was at fault."""

    counts: dict[str, int] = field(default_factory=dict[str, int])
    names: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, reason: str, name: str | None = None) -> None:
        """Count one more; the name is given where a person may want to look at it."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        if name is not None and len(known := self.names.setdefault(reason, [])) < SHOWN:
            known.append(name)

    def merge(self, other: Tally) -> None:
        """Take in what another counted."""
        for reason, count in other.counts.items():
            self.counts[reason] = self.counts.get(reason, 0) + count
        for reason, names in other.names.items():
            known = self.names.setdefault(reason, [])
            known += names[: SHOWN - len(known)]


class Ledger:
    """One file of SQLite: what tables told of parts, which are done, and what was kept of them.

    Each step is one transaction: a process that dies leaves what was there before the step.
    """

    def __init__(self, path: Path) -> None:
        """Open the file at `path`, or begin one."""
        self.path = path
        with self._sound():
            self._base = sqlite3.connect(path, isolation_level=None)
            self._base.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def untold(self, parts: Iterable[str]) -> set[str]:
        """The parts whose rows of the table were not noted yet."""
        with self._sound():
            known = {part for (part,) in self._base.execute("select part from told_parts")}
        return set(parts) - known

    def tell(self, parts: Iterable[str], rows: Iterable[tuple[str, Entry]]) -> None:
        """Note the table's rows of some parts, all of them or none."""
        with self._sound(), self._step():
            packed = ((part, _packed(entry)) for part, entry in rows)
            self._base.executemany("insert into told values (?, ?)", packed)
            self._base.executemany("insert into told_parts values (?)", [(p,) for p in parts])

    def told(self, part: str) -> dict[str, Entry]:
        """What the table says of a part, by the pictures' names."""
        with self._sound():
            rows = self._base.execute(
                "select entry from told where part = ? order by rowid", (part,)
            )
            return {entry.name: entry for entry in map(_unpacked, (text for (text,) in rows))}

    def undone(self, parts: Iterable[str]) -> list[str]:
        """The parts that are still to be imported, in order."""
        with self._sound():
            done = {part for (part,) in self._base.execute("select part from done")}
        return sorted(set(parts) - done)

    def known(self, names: Iterable[str]) -> set[str]:
        """Those of some pictures that were kept already, from another part."""
        with self._sound():
            ask = "select 1 from kept where name = ?"
            return {name for name in names if self._base.execute(ask, (name,)).fetchone()}

    def finish(self, part: str, kept: Iterable[Entry], tally: Tally) -> None:
        """Note a part as done, with what was kept and left out of it."""
        with self._sound(), self._step():
            rows = [(each.name, part, place, _packed(each)) for place, each in enumerate(kept)]
            self._base.executemany("insert into kept values (?, ?, ?, ?)", rows)
            self._base.execute("delete from told where part = ?", (part,))
            self._base.execute("insert into done values (?)", (part,))
            self._base.execute("delete from written")
            self._count(tally)

    def batches(self, file: str) -> int:
        """How many batches of a table's prompts are done."""
        with self._sound():
            row = self._base.execute("select done from batches where file = ?", (file,)).fetchone()
        return row[0] if row else 0

    def finish_batch(self, file: str, done: int, prompts: Iterable[str], tally: Tally) -> None:
        """Note a batch of a table's prompts; what was there already is not noted twice."""
        with self._sound(), self._step():
            rows = [(prompt,) for prompt in prompts]
            self._base.executemany("insert or ignore into prompts (prompt) values (?)", rows)
            self._base.execute("insert or replace into batches values (?, ?)", (file, done))
            self._base.execute("delete from written")
            self._count(tally)

    def prompts(self) -> Iterator[str]:
        """The prompts, in the order they first came."""
        with self._sound():
            for (prompt,) in self._base.execute("select prompt from prompts order by place"):
                yield prompt

    def kept(self) -> Iterator[tuple[str, Entry]]:
        """What was kept, with its part, in the order of the parts."""
        with self._sound():
            ask = "select part, entry from kept order by part, place"
            for part, text in self._base.execute(ask):
                yield part, _unpacked(text)

    def tally(self) -> Tally:
        """All that was left out so far."""
        with self._sound():
            found = Tally(dict(self._base.execute("select reason, count from counts order by 1")))
            for reason, name in self._base.execute(
                "select reason, name from faults order by rowid"
            ):
                found.names.setdefault(reason, []).append(name)
        return found

    def sizes(self) -> tuple[int, int]:
        """How many pictures, and how many prompts without pictures, were kept."""
        with self._sound():
            ask = "select (select count(*) from kept), (select count(*) from prompts)"
            return self._base.execute(ask).fetchone()

    def is_written(self, file: str) -> bool:
        """Whether a file holds all that was kept so far."""
        with self._sound():
            ask = "select 1 from written where file = ?"
            return self._base.execute(ask, (file,)).fetchone() is not None

    def write_off(self, file: str) -> None:
        """Note that a file holds all that was kept so far."""
        with self._sound():
            self._base.execute("insert or replace into written values (?)", (file,))

    def _count(self, tally: Tally) -> None:
        self._base.executemany(
            "insert into counts values (?, ?) on conflict do update set count = count + ?",
            [(reason, count, count) for reason, count in tally.counts.items()],
        )
        for reason, names in tally.names.items():
            ask = "select count(*) from faults where reason = ?"
            free = SHOWN - self._base.execute(ask, (reason,)).fetchone()[0]
            rows = [(reason, name) for name in names[: max(0, free)]]
            self._base.executemany("insert into faults values (?, ?)", rows)

    @contextmanager
    def _step(self) -> Iterator[None]:
        self._base.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._base.execute("rollback")
            raise
        self._base.execute("commit")

    @contextmanager
    def _sound(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as fault:
            raise DataError(f"cannot use {self.path}: {fault}") from fault


@contextmanager
def ledger(path: Path) -> Iterator[Ledger]:
    """The ledger at `path`, for the length of a block."""
    with closing(Ledger(path)) as opened:
        yield opened


def _packed(entry: Entry) -> str:
    return json.dumps(list(vars(entry).values()), ensure_ascii=False)


def _unpacked(text: str) -> Entry:
    return Entry(*json.loads(text))
