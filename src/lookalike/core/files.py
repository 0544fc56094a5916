"""Files that are either whole or not there: atomic writes, free names, fingerprints."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from lookalike.core.errors import LookalikeError, OutputError

_REASONS = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the disk is read-only",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EISDIR: "a folder of that name is there",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOTEMPTY: "a folder of that name is there and is not empty",
    errno.EEXIST: "it exists already; name another file",
    errno.ENOENT: "the folder is not there",
}
_NAME_LIMIT = 200  # bytes of a name kept in its temporary twin; file systems allow 255


def reason(fault: OSError) -> str:
    """What an operating system's error means, in a few words."""
    known = _REASONS.get(fault.errno) if fault.errno is not None else None
    return known or (fault.strerror or str(fault) or type(fault).__name__).lower()


def write_bytes(path: Path, data: bytes) -> None:
    """Write `path` at once, replacing what was there; its folder is made where it lacks.

    Raises `OutputError` when that is impossible; then `path` is as it was before.
    """
    _write(Path(path), data, os.replace)


def write_new(path: Path, data: bytes) -> None:
    """Write `path` at once, and raise `OutputError` where something of that name is there."""
    _write(Path(path), data, _move_unless_there)


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON, at once."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


@contextlib.contextmanager
def writing(path: Path) -> Generator[Path, None, None]:
    """A hidden name beside `path` to write a file to, which takes its place at the end, at once.

    When the block raises (Ctrl-C included) nothing is left of it. Where bytes are at hand,
    `write_bytes` is simpler.
    """
    path = Path(path)
    with _output(path):
        _make(path.parent)
    temporary = _twin(path)
    try:
        yield temporary
        with _output(path):
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def read_json(path: Path) -> Any:
    """The value that a JSON file holds; `LookalikeError` where it is missing or damaged."""
    try:
        return json.loads(Path(path).read_bytes())
    except OSError as fault:
        missing = isinstance(fault, FileNotFoundError)
        why = "there is no such file" if missing else reason(fault)
        raise LookalikeError(f"cannot read {path}: {why}") from fault
    except (ValueError, RecursionError) as fault:
        raise LookalikeError(f"{path} is not readable JSON: {fault}") from fault


@contextlib.contextmanager
def building(folder: Path, *, replace: bool = False) -> Generator[Path, None, None]:
    """A temporary sibling of `folder`, which becomes `folder` when the block ends well.

    When the block raises (Ctrl-C included) nothing is left. A `folder` that holds something is
    refused with `OutputError` at once, or with `replace` swapped for the new one at the end.
    """
    folder = Path(folder)
    with _output(folder):
        if not replace and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise FileExistsError(errno.EEXIST, "exists")
        _make(folder.parent)
        work = _twin(folder)
        work.mkdir()
    try:
        yield work
        with _output(folder):
            _swap(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def remove(folder: Path) -> None:
    """Remove a folder and all in it: under its name it is whole until it is gone."""
    with _output(Path(folder)):
        shutil.rmtree(Path(folder).rename(_twin(Path(folder))))


def next_free(folder: Path, stem: str, suffix: str) -> Path:
    """`folder/stem-001.png` and so on: after all that are there, in the order of the alphabet."""
    pattern = re.compile(re.escape(stem) + r"-[a-z]?(\d{3,})" + re.escape(suffix))
    names = [entry.name for entry in Path(folder).iterdir()] if Path(folder).is_dir() else []
    found = [int(match[1]) for name in names if (match := pattern.fullmatch(name))]
    number = max(found, default=0) + 1
    # A letter before numbers of four digits keeps 1000 behind 999: "a1000".
    mark = chr(ord("a") + len(str(number)) - 4) if number > 999 else ""
    return Path(folder) / f"{stem}-{mark}{number:03d}{suffix}"


def sha256(path: Path) -> str:
    """The SHA-256 of a file, or of a folder's files: their names and contents, in sorted order."""
    path = Path(path)
    try:
        if not path.is_dir():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        files = sorted((item.relative_to(path).as_posix(), item) for item in path.rglob("*"))
        lines = [f"{name}\0{sha256(item)}\n" for name, item in files if item.is_file()]
    except OSError as fault:
        raise LookalikeError(f"cannot read {path}: {reason(fault)}") from fault
    return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()


def _write(path: Path, data: bytes, move: Callable[[Path, Path], None]) -> None:
    with _output(path):
        _make(path.parent)
        temporary = _twin(path)
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            move(temporary, path)
        finally:
            # Moved already when all went well; what is left otherwise is half a file.
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as fault:
        raise NotADirectoryError(errno.ENOTDIR, "a file is in the way") from fault


def _twin(path: Path) -> Path:
    """A hidden, unused name beside `path`: a rename within one folder is atomic."""
    kept = os.fsencode(path.name)[:_NAME_LIMIT].decode(errors="ignore")
    return path.with_name(f".{kept}.{secrets.token_hex(4)}.part")


def _move_unless_there(temporary: Path, path: Path) -> None:
    """Give `temporary` its name without ever taking the name from another file."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        # Some file systems know no links; there a check just before must do.
        if path.exists():
            raise FileExistsError(errno.EEXIST, "exists") from None
        temporary.replace(path)


def _swap(work: Path, folder: Path) -> None:
    """Put `work` in the place of `folder`, which is set aside first where it holds something."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        work.replace(folder)
        return
    old = folder.rename(_twin(folder))
    try:
        work.replace(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def _output(path: Path) -> Generator[None, None, None]:
    """Turn an operating system's error into an `OutputError` that names `path`."""
    try:
        yield
    except OSError as fault:
        raise OutputError(f"cannot write {path}: {reason(fault)}") from fault
    except ValueError as fault:  # a NUL in the name
        raise OutputError(f"cannot write {str(path)!r}: {fault}") from fault
