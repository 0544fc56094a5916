"""Domains by name: the drawn world's, and folders of a user's own."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.evaluate.coco import is_coco, read_coco
from lookalike.evaluate.dreambench import BENCH, PLAIN, read_dreambench
from lookalike.evaluate.editing import edits_of
from lookalike.evaluate.subjects import Domain, Subject
from lookalike.evaluate.worlds import domain_looks, world_domains
from lookalike.world.caption import caption
from lookalike.world.look import Split
from lookalike.world.render import render
from lookalike.world.style import style_of

FOLDER = "folder"


def chosen_domains(names: tuple[str, ...], folder: Path | None) -> list[str]:
    """The domains to run: those named, or with a folder that one, or all of the world.

    Raises:
        OptionError: there is no such domain, or a folder is missing.
    """
    known = [*world_domains(), FOLDER]
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            raise OptionError(f"there is no domain {name}{near}; there are {', '.join(known)}")
    chosen = list(dict.fromkeys(names)) or ([FOLDER] if folder else world_domains())
    if FOLDER in chosen and folder is None:
        raise OptionError("the domain folder needs --folder, with pictures to judge by")
    return chosen


def drawn(name: str, which: Split, count: int, edits: int, others: int, pixels: int) -> Domain:
    """A domain of the drawn world: the first `count` looks of a split, and `others` after them."""
    every = domain_looks(name, which)
    chosen = list(islice(every, count))
    held_out = tuple(render(one, pixels) for one in islice(every, others))
    subjects = tuple(
        Subject(
            f"{one.style}-{one.seed}",
            (render(one, pixels),),
            caption(one),
            asked,
            one,
            style_of(one.style).noun,
        )
        for one, asked in zip(chosen, edits_of(chosen, edits), strict=True)
    )
    return Domain(name, subjects, held_out)


def from_folder(folder: Path, count: int, edits: int, others: int) -> Domain:
    """The domain of a folder in the way of COCO or of DreamBench.

    Raises:
        OptionError: the folder is neither, or lacks what it needs.
    """
    if not folder.is_dir():
        raise OptionError(f"there is no folder {folder}")
    if is_coco(folder):
        return read_coco(folder, count, others)
    if any((folder / name).is_file() for name in (BENCH, PLAIN, f"dataset/{BENCH}")):
        return read_dreambench(folder, count, edits)
    raise OptionError(
        f"{folder} lacks annotations/captions_val2017.json (COCO), {BENCH} (DreamBench) "
        f"and {PLAIN} (a prompt a line, {{}} for the subject)"
    )
