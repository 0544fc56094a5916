"""Fingerprints of weight files, remembered, since gigabytes take long to read."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lookalike.core.errors import LookalikeError
from lookalike.core.files import read_json, sha256, write_json
from lookalike.models.layout import weight_files


def cache_folder() -> Path:
    """Give the user's cache folder: $LOOKALIKE_CACHE, or where this system keeps such things."""
    if named := os.environ.get("LOOKALIKE_CACHE"):
        return Path(named).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "lookalike"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "lookalike" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lookalike"


def weights_sha256(path: Path) -> str:
    """Give the SHA-256 of a model's weight files.

    That of a single file is the file's own. A folder's is taken over the lines
    `component/file<NUL>sha256<newline>` of its components' weight files in sorted order.
    """
    return files_sha256(weight_files(path), path)


def remembered_sha256(path: Path) -> str | None:
    """Give the same as `weights_sha256` without reading the files, or None where none is known."""
    marks = _Marks()
    digests = {file: marks.get(file) for file in weight_files(path)}
    known = {file: digest for file, digest in digests.items() if digest}
    return _together(known, path) if len(known) == len(digests) else None


def files_sha256(files: Sequence[Path], root: Path) -> str:
    """Give the SHA-256 of some weight files below `root`, or of `root` itself."""
    marks = _Marks()
    digests = {file: marks.make(file) for file in files}
    marks.save()
    return _together(digests, root)


def _together(digests: dict[Path, str], root: Path) -> str:
    if list(digests) == [root]:
        return digests[root]
    named = sorted((file.relative_to(root).as_posix(), digest) for file, digest in digests.items())
    lines = "".join(f"{name}\0{digest}\n" for name, digest in named)
    return hashlib.sha256(lines.encode()).hexdigest()


class _Marks:
    """Digests by path, kept as long as the file's size and time stay the same."""

    def __init__(self) -> None:
        self.file = cache_folder() / "sha256.json"
        self.known = _read(self.file)
        self.new: dict[str, Any] = {}

    def get(self, file: Path) -> str | None:
        entry = self.known.get(str(file.resolve()))
        if not isinstance(entry, dict) or not isinstance(entry.get("sha256"), str):
            return None
        unchanged = all(entry.get(key) == value for key, value in _stamp(file).items())
        return entry["sha256"] if unchanged else None

    def make(self, file: Path) -> str:
        if known := self.get(file):
            return known
        digest = sha256(file)
        self.new[str(file.resolve())] = {**_stamp(file), "sha256": digest}
        return digest

    def save(self) -> None:
        """Write what is new; a cache that cannot be written costs time, not the result."""
        if not self.new:
            return
        try:
            # Read again: another process may have added its own meanwhile.
            write_json(self.file, {**_read(self.file), **self.new})
        except LookalikeError:
            return


def _stamp(file: Path) -> dict[str, int]:
    status = file.stat()
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns}


def _read(file: Path) -> dict[str, Any]:
    try:
        value = read_json(file)
    except LookalikeError:
        return {}
    return value if isinstance(value, dict) else {}
