"""Places: files that lie on this machine or in an object store, behind one face."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lookalike.core.errors import LookalikeError, OptionError, OutputError, PictureError
from lookalike.core.files import reason, write_bytes

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def is_remote(place: str) -> bool:
    """Whether a place is an address such as s3://bucket/name, not a path."""
    return _SCHEME.match(place) is not None


def join(folder: str, name: str) -> str:
    """The place `name` below a folder."""
    return f"{folder.rstrip('/')}/{name}" if is_remote(folder) else str(Path(folder) / name)


def folder_of(place: str) -> str:
    """The folder that a place lies in."""
    return place.rpartition("/")[0] if is_remote(place) else str(Path(place).parent)


def read(place: str) -> bytes:
    """What lies at a place.

    Raises:
        PictureError: nothing is there, or it cannot be read.
    """
    if not is_remote(place):
        try:
            return Path(place).read_bytes()
        except OSError as fault:
            raise PictureError(f"cannot read {place}: {reason(fault)}") from fault
    try:
        return bytes(_store(place).cat_file(place))
    except LookalikeError:
        raise
    except Exception as fault:  # each store has errors of its own
        raise PictureError(f"cannot read {place}: {_line(fault)}") from fault


@contextmanager
def reading(place: str) -> Iterator[IO[bytes]]:
    """The file at a place, open, for whoever wants no more than its end."""
    with _store(place).open(place, "rb") if is_remote(place) else Path(place).open("rb") as file:
        yield file


def write(place: str, data: bytes) -> None:
    """Put bytes at a place, at once: whoever looks finds all of them or nothing.

    Raises:
        OutputError: it cannot be written.
    """
    if not is_remote(place):
        write_bytes(Path(place), data)
        return
    try:
        # One request to an object store is whole or did not happen.
        _store(place).pipe_file(place, data)
    except LookalikeError:
        raise
    except Exception as fault:
        raise OutputError(f"cannot write {place}: {_line(fault)}") from fault


def write_json(place: str, value: object) -> None:
    """Put a value at a place as JSON, at once."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write(place, (text + "\n").encode())


def read_json(place: str) -> Any:
    """The value of a JSON file; `PictureError` where it is not there, `OutputError` if damaged."""
    try:
        return json.loads(read(place))
    except ValueError as fault:
        raise OutputError(f"{place} is not readable JSON: {fault}") from fault


def exists(place: str) -> bool:
    """Whether something lies at a place."""
    return bool(_store(place).exists(place)) if is_remote(place) else Path(place).exists()


def remove(place: str) -> None:
    """Take away the file at a place, where one is."""
    if is_remote(place):
        if exists(place):
            _store(place).rm_file(place)
    else:
        Path(place).unlink(missing_ok=True)


def names(folder: str) -> list[str]:
    """The names of what lies in a folder, sorted; none where there is no such folder."""
    if not is_remote(folder):
        path = Path(folder)
        return sorted(each.name for each in path.iterdir()) if path.is_dir() else []
    store = _store(folder)
    try:
        store.invalidate_cache()
        return sorted(str(each).rpartition("/")[2] for each in store.ls(folder, detail=False))
    except FileNotFoundError:
        return []


def _store(place: str) -> Any:
    """The file system of an address, by fsspec; its package is named where it lacks."""
    import fsspec

    try:
        store, _ = fsspec.url_to_fs(place)
    except (ImportError, ValueError) as fault:
        raise OptionError(f"cannot open {place}: {_line(fault)}") from fault
    return store


def _line(fault: Exception) -> str:
    return " ".join(f"{type(fault).__name__}: {fault}".split())[:200]
