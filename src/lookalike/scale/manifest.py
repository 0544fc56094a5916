"""A batch's manifest: one parquet file that names each row, and the picture or prompt in it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lookalike.core.errors import LookalikeError, OptionError, did_you_mean
from lookalike.scale.extra import check_extra
from lookalike.scale.places import folder_of, read

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "key"


@dataclass(frozen=True)
class Row:
    """One row: its key, and a picture's place or a prompt."""

    key: str
    value: str


@dataclass(frozen=True)
class Manifest:
    """The rows of a batch in their order, what they are read from, and that file's SHA-256."""

    place: str
    sha256: str
    rows: Sequence[Row]

    @property
    def folder(self) -> str:
        """Where paths that are not absolute begin."""
        return folder_of(self.place)


def read_manifest(place: str, column: str, key: str = KEY) -> Manifest:
    """The manifest at a path or address; `column` holds what is worked on.

    Raises:
        OptionError: it is no parquet, lacks a column, holds another type than text, a value that
            is missing, the same key twice, or no row at all.
    """
    check_extra("pyarrow", "a batch")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        data = read(place)
    except LookalikeError as fault:
        raise OptionError(f"there is no manifest to read: {fault}") from fault
    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowInvalid, OSError) as fault:
        line = str(fault).splitlines()[0][:120]
        raise OptionError(f"{place} is not a readable parquet file: {line}") from fault
    keys, values = (_texts(table, name, place) for name in (key, column))
    if not keys:
        raise OptionError(f"{place} holds no row")
    _check_once(keys, place, key)
    rows = [Row(k, v) for k, v in zip(keys, values, strict=True)]
    return Manifest(place, hashlib.sha256(data).hexdigest(), rows)


def _texts(table: pa.Table, name: str, place: str) -> list[str]:
    import pyarrow as pa

    if name not in table.column_names:
        near = did_you_mean(name, table.column_names)
        has = ", ".join(table.column_names) or "no column"
        raise OptionError(f"{place} lacks the column {name}{near}; it has {has}")
    column = table.column(name)
    whole = pa.types.is_integer(column.type)  # numbers do as keys
    if not (whole or pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise OptionError(f"{place}: the column {name} holds {column.type}; it should hold text")
    found: list[Any] = column.to_pylist()
    lacking = [i for i, each in enumerate(found) if each is None or not str(each).strip()]
    if lacking:
        more = f" and in {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise OptionError(f"{place}: the column {name} is empty in row {lacking[0]}{more}")
    return [str(each) for each in found]


def _check_once(keys: Sequence[str], place: str, name: str) -> None:
    seen: dict[str, int] = {}
    for row, key in enumerate(keys):
        if (first := seen.setdefault(key, row)) != row:
            raise OptionError(
                f"{place}: the {name} {key[:80]!r} stands in rows {first} and {row}; each row "
                "needs its own"
            )
