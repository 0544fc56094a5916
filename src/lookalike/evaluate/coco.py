"""COCO's folders: photographs, with captions that people wrote."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from PIL.Image import Image
from pydantic import BaseModel, ValidationError

from lookalike.core.errors import OptionError
from lookalike.core.files import read_json
from lookalike.evaluate.subjects import Domain, Subject, found, readable

CAPTIONS = "captions_*.json"
USUAL = "captions_val2017.json"


class _File(BaseModel):
    id: int
    file_name: str


class _Caption(BaseModel):
    id: int
    image_id: int
    caption: str


class _Annotations(BaseModel):
    images: list[_File]
    annotations: list[_Caption]

    def captions(self) -> dict[int, str]:
        """Each picture's first caption."""
        last = sorted(self.annotations, key=lambda one: one.id, reverse=True)
        return {one.image_id: one.caption.strip() for one in last}


def is_coco(folder: Path) -> bool:
    """Whether a folder is laid out as COCO is."""
    return any((folder / "annotations").glob(CAPTIONS))


def read_coco(folder: Path, count: int, others: int) -> Domain:
    """The first `count` pictures with a caption, in the order of their numbers, and `others` more.

    The folder holds `annotations/captions_val2017.json` and the pictures in `val2017`, or another
    year's; captions are what pictures are compared with, so there are no edits.

    Raises:
        OptionError: captions or pictures are missing, or the captions cannot be understood.
    """
    skipped: list[str] = []
    pairs = _captioned(folder, skipped)
    subjects = tuple(
        Subject(name, (picture,), caption) for name, picture, caption in islice(pairs, count)
    )
    held_out = tuple(picture for _, picture, _ in islice(pairs, others))
    return found(Domain("folder", subjects, held_out, tuple(skipped)), folder)


def _captioned(folder: Path, skipped: list[str]) -> Iterator[tuple[str, Image, str]]:
    file = _file(folder)
    try:
        known = _Annotations.model_validate(read_json(file))
    except ValidationError as fault:
        raise OptionError(f"{file} holds no captions as COCO's files do") from fault
    captions = known.captions()
    place = folder / file.stem.removeprefix("captions_")
    if not place.is_dir():
        raise OptionError(f"there is no folder {place} with the pictures of {file.name}")
    files = {
        # Names only: a file of captions may not point out of its folder.
        place / Path(one.file_name).name: captions[one.id]
        for one in sorted(known.images, key=lambda one: one.id)
        if one.id in captions
    }
    for path, picture in readable(files, skipped):
        yield path.stem, picture, files[path]


def _file(folder: Path) -> Path:
    files = sorted((folder / "annotations").glob(CAPTIONS))
    if not files:
        raise OptionError(f"{folder} lacks annotations/{USUAL}")
    return next((one for one in files if one.name == USUAL), files[0])
