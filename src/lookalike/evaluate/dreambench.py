"""Folders of subjects, a few pictures of each, with prompts that put them into new scenes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from lookalike.core.errors import OptionError
from lookalike.core.files import reason
from lookalike.evaluate.subjects import Domain, Subject, found, readable, said

BENCH, PLAIN = "prompts_and_classes.txt", "prompts.txt"
LIVE = ("cat", "dog")
"""DreamBench's classes that are alive: they have prompts of their own (Ruiz et al. 2023)."""

PICTURES = {".jpg", ".jpeg", ".png", ".webp"}
_PROMPT = re.compile(r"^\s*(['\"])(.*)\1\.format\(")


@dataclass(frozen=True)
class Prompts:
    """The prompts, with {} for the subject, and what kind of thing each subject is."""

    classes: Mapping[str, str]
    things: Sequence[str]
    live: Sequence[str]

    def of(self, subject: str) -> list[str]:
        """The prompts for a subject, with the word for its kind in the subject's place."""
        kind = self.kind(subject)
        return [one.replace("{}", kind) for one in (self.live if kind in LIVE else self.things)]

    def kind(self, subject: str) -> str:
        """What a subject is, in a word or two."""
        return self.classes.get(subject, subject.replace("_", " "))


def read_dreambench(folder: Path, count: int, edits: int) -> Domain:
    """Up to `count` subjects of a folder, each with `edits` prompts; all prompts in turn.

    The folder is google/dreambooth's `dataset`, or one that holds it, or one of folders with
    pictures beside a `prompts.txt`: a prompt a line, {} for the subject.

    Raises:
        OptionError: prompts or pictures are missing, or the prompts cannot be understood.
    """
    place = folder / "dataset" if (folder / "dataset" / BENCH).is_file() else folder
    prompts = _prompts(place)
    skipped: list[str] = []
    subjects = tuple(islice(_subjects(place, prompts, edits, skipped), count))
    others = tuple(chain.from_iterable(one.pictures[1:] for one in subjects))
    return found(Domain("folder", subjects, others, tuple(skipped)), folder)


def _subjects(place: Path, prompts: Prompts, edits: int, skipped: list[str]) -> Iterator[Subject]:
    first = 0
    for inner in sorted(each for each in place.iterdir() if each.is_dir()):
        files = sorted(f for f in inner.iterdir() if f.suffix.lower() in PICTURES)
        pictures = tuple(picture for _, picture in readable(files, skipped))
        if pictures:
            asked = prompts.of(inner.name)
            chosen = dict.fromkeys(asked[(first + i) % len(asked)] for i in range(edits))
            first += edits
            texts = tuple(said(text) for text in chosen)
            kind = prompts.kind(inner.name)
            yield Subject(inner.name, pictures, f"a {kind}", texts, kind=kind)


def _prompts(place: Path) -> Prompts:
    name = BENCH if (place / BENCH).is_file() else PLAIN
    try:
        text = (place / name).read_text("utf-8")
    except OSError as fault:
        raise OptionError(f"cannot read {place / name}: {reason(fault)}") from fault
    except UnicodeDecodeError as fault:
        raise OptionError(f"{place / name} is not text in UTF-8") from fault
    made = _bench(text) if name == BENCH else _plain(text)
    if not made.things:
        raise OptionError(f"{place / name} holds no prompt with {{}} for the subject")
    return made


def _plain(text: str) -> Prompts:
    lines = [line.strip() for line in text.splitlines() if "{}" in line]
    return Prompts({}, lines, lines)


def _bench(text: str) -> Prompts:
    """DreamBench's own file: a table of classes, then prompts as a piece of Python, twice."""
    head, _, rest = text.partition("Object Prompts")
    things, _, live = rest.partition("Live Subject Prompts")
    pairs = [line.split(",", 1) for line in head.splitlines() if "," in line]
    classes = {name.strip(): kind.strip() for name, kind in pairs}
    return Prompts(classes, _listed(things), _listed(live) or _listed(things))


def _listed(text: str) -> list[str]:
    """The prompts of one list; the token that stands for a learnt subject has no place in ours."""
    found = (_PROMPT.match(line) for line in text.splitlines())
    return [m[2].replace("{0} ", "").replace("{1}", "{}") for m in found if m]
