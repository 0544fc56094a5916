"""The phrase lists of clip-interrogator, read from its package where that is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lookalike.core.errors import OptionError
from lookalike.describe.bank import Bank

NAME = "clip-interrogator"
"""What `--bank` calls the lists."""

FILES = {
    "artists": "artists.txt",
    "flavours": "flavors.txt",
    "mediums": "mediums.txt",
    "movements": "movements.txt",
}

BEFORE_ARTISTS = ("by", "inspired by")
"""What that program says before an artist's name."""


def flavours(frames: tuple[str, ...]) -> Bank:
    """The lists as a bank behind `frames`: the package brings no captions, but a captioner's name.

    The package is MIT-licensed (Copyright 2022 pharmapsychotic). It is looked at, not imported: it
    would load much that we do not need.

    Raises:
        OptionError: the package is not installed, or its lists are not where they were.
    """
    folder = _folder()
    groups: dict[str, tuple[str, ...]] = {}
    for name, file in FILES.items():
        found = _lines(folder / file)
        if name == "artists":
            found = [f"{before} {one}" for before in BEFORE_ARTISTS for one in found]
        groups[name] = tuple(dict.fromkeys(found))
    taken: set[str] = set()
    unique = {name: tuple(_new(group, taken)) for name, group in groups.items()}
    return Bank(frames, tuple(unique.values()), names=tuple(unique))


def _folder() -> Path:
    from importlib.util import find_spec

    found = find_spec("clip_interrogator")
    if found is None or found.origin is None:
        raise OptionError(
            f"the lists of {NAME} are not here; its package brings them: "
            f"pip install --no-deps {NAME}"
        )
    return Path(found.origin).parent / "data"


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as fault:
        raise OptionError(f"the installed {NAME} has no readable list {path.name}") from fault


def _new(group: tuple[str, ...], taken: set[str]) -> Iterator[str]:
    """A phrase belongs to the first group that names it, so that no two descriptions read alike."""
    for phrase in group:
        if phrase not in taken:
            taken.add(phrase)
            yield phrase
