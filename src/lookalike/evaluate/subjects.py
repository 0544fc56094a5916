"""What the converters' benchmark is asked about: references, their texts, and other pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL.Image import Image

from lookalike.core.errors import OptionError, PictureError
from lookalike.core.pictures import open_picture
from lookalike.evaluate.editing import Edit
from lookalike.world.look import Look

HELD_OUT = 200
"""Pictures of a domain, none of them a reference, that made pictures are compared with as a set."""


@dataclass(frozen=True)
class Subject:
    """One reference: what its pictures show, as a word (`kind`) and a caption, and its edits.

    The first picture is given to a method, or up to five to one that learns from several; all are
    what made pictures should be like.
    """

    name: str
    pictures: tuple[Image, ...]
    caption: str
    edits: tuple[Edit, ...] = ()
    look: Look | None = None
    kind: str = ""

    @property
    def picture(self) -> Image:
        """The picture that a method is given."""
        return self.pictures[0]


@dataclass(frozen=True)
class Domain:
    """References of one kind, other pictures of that kind, and files that could not be read."""

    name: str
    subjects: tuple[Subject, ...]
    others: tuple[Image, ...]
    skipped: tuple[str, ...] = ()


def said(words: str) -> Edit:
    """An edit of a picture of which nothing but the words is known."""
    return Edit(words=words, wanted={}, kept={}, caption=words)


def readable(paths: Iterable[Path], skipped: list[str]) -> Iterable[tuple[Path, Image]]:
    """Each picture that can be read, with its path; complaints about others go into `skipped`."""
    for path in paths:
        try:
            yield path, open_picture(path)
        except PictureError as fault:
            skipped.append(str(fault))


def found(domain: Domain, folder: Path) -> Domain:
    """The domain, or `OptionError` where a folder had no picture for it."""
    if domain.subjects:
        return domain
    broken = f"; {len(domain.skipped)} could not be read" if domain.skipped else ""
    raise OptionError(f"{folder} holds no picture that can be a reference{broken}")
