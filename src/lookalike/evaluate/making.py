"""Pictures of the converters' benchmark: what a row makes of each reference, in batches."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, runtime_checkable

import torch
from PIL.Image import Image

from lookalike.convert import Converter, converters
from lookalike.convert.online import MOST
from lookalike.core.embedding import Embedding, join
from lookalike.core.records import Settings
from lookalike.engine.rows import sampled
from lookalike.evaluate.editing import Edit
from lookalike.evaluate.entrants import FLOOR, Entrant
from lookalike.evaluate.samples import BATCH
from lookalike.evaluate.subjects import Subject
from lookalike.models.backbone import Backbone

SEED = 60_000
"""Seeds of the benchmark's pictures start here."""


@runtime_checkable
class Maker(Protocol):
    """One row's way from a reference to embeddings of one row each."""

    def likeness(self, subject: Subject) -> Embedding:
        """What pictures like the reference are made from."""
        ...

    def edit(self, subject: Subject, edit: Edit) -> Embedding:
        """What the edited picture is made from."""
        ...


@dataclass(frozen=True)
class Nothing:
    """The floor: the empty prompt, whatever is asked for."""

    backbone: Backbone

    def likeness(self, subject: Subject) -> Embedding:
        """No prompt at all."""
        return self.backbone.unconditional()

    def edit(self, subject: Subject, edit: Edit) -> Embedding:
        """No prompt at all."""
        return self.backbone.unconditional()


@dataclass(frozen=True)
class Truth:
    """The ceiling: the true caption, of the reference or of what the edit should bring about."""

    backbone: Backbone

    def likeness(self, subject: Subject) -> Embedding:
        """The reference's caption."""
        return self.backbone.embed([subject.caption])

    def edit(self, subject: Subject, edit: Edit) -> Embedding:
        """The caption of what should come out."""
        return self.backbone.embed([edit.caption])


class Converted:
    """A converter, given the reference alone; one for all, as it may keep what it learnt."""

    def __init__(self, backbone: Backbone, entrant: Entrant) -> None:
        """Make the entrant's converter with its options."""
        self.backbone = backbone
        self.method = converters.make(entrant.converter, entrant.options)

    def likeness(self, subject: Subject) -> Embedding:
        """The reference, converted."""
        return self._told(subject).convert(self.backbone, self._given(subject)).take(0)

    def edit(self, subject: Subject, edit: Edit) -> Embedding:
        """The reference, converted and changed by the edit's words."""
        made = self._told(subject).edit(self.backbone, self._given(subject), edit.words)
        return made.take(0)

    def _given(self, subject: Subject) -> Sequence[Image]:
        return subject.pictures[: MOST if self.method.together else 1]

    def _told(self, subject: Subject) -> Converter:
        """The converter, told what the subject is where it has a use for that."""
        words = {"kind": subject.kind, "text_frame": f"a {subject.kind}"}
        known = {k: v for k, v in words.items() if k in type(self.method).model_fields}
        return self.method.model_copy(update=known if subject.kind else {})


def maker(backbone: Backbone, entrant: Entrant) -> Maker:
    """The way that an entrant makes embeddings."""
    if entrant.converter:
        return Converted(backbone, entrant)
    return Nothing(backbone) if entrant.name == FLOOR else Truth(backbone)


@dataclass(frozen=True)
class Learnt:
    """What one reference became: an embedding, those of its edits, and what it took."""

    likeness: Embedding
    edits: tuple[Embedding, ...]
    seconds: float

    @property
    def megabytes(self) -> float:
        """The size of the embedding, and of the additions to weights that it brings."""
        tensors = [self.likeness.tokens]
        if self.likeness.pooled is not None:
            tensors.append(self.likeness.pooled)
        if self.likeness.adjustment is not None:
            tensors += self.likeness.adjustment.additions.values()
        return sum(each.numel() * each.element_size() for each in tensors) / 1e6


@dataclass(frozen=True)
class Shown:
    """What a row made of one reference."""

    likeness: tuple[Image, ...]
    edits: tuple[Image, ...]
    seconds: float
    megabytes: float


@dataclass(frozen=True)
class _Job:
    number: int  # of the subject
    embedding: Embedding
    seed: int


def pictured(
    backbone: Backbone,
    made: Maker,
    subjects: Sequence[Subject],
    pictures: int,
    edits: int,
    settings: Settings,
) -> Iterator[Shown]:
    """What a row makes of each reference, in order: likenesses from one embedding, then its edits.

    Seeds depend on a reference's place alone: they are the same for all rows. What brings no
    adjustment, or shares one, is made in batches over several references.
    """
    learnt: dict[int, Learnt] = {}
    waiting: list[_Job] = []
    for number, subject in enumerate(subjects):
        one = learnt[number] = learn(made, subject)
        rows = [*[one.likeness] * pictures, *one.edits]
        first = SEED + number * (pictures + edits)
        waiting += [_Job(number, row, first + place) for place, row in enumerate(rows)]
        if len(waiting) >= BATCH or number + 1 == len(subjects):
            yield from _shown(_run(backbone, waiting, settings), learnt, pictures)
            waiting.clear()
            learnt.clear()


def _shown(
    images: Iterator[tuple[int, Image]], learnt: Mapping[int, Learnt], pictures: int
) -> Iterator[Shown]:
    for number, group in groupby(images, key=lambda pair: pair[0]):
        mine, one = [image for _, image in group], learnt[number]
        yield Shown(tuple(mine[:pictures]), tuple(mine[pictures:]), one.seconds, one.megabytes)


def _run(
    backbone: Backbone, waiting: Sequence[_Job], settings: Settings
) -> Iterator[tuple[int, Image]]:
    for batch in _batches(waiting):
        with torch.no_grad():
            rows = join([job.embedding for job in batch])
            images = sampled(backbone, rows, settings, [job.seed for job in batch])
        yield from zip([job.number for job in batch], images, strict=True)


def learn(made: Maker, subject: Subject) -> Learnt:
    """Convert a reference, timed, and then make all its edits: a converter may learn for all."""
    start = time.perf_counter()
    likeness = made.likeness(subject)
    likeness.tokens.sum().item()  # waits for a device that is still at work
    seconds = time.perf_counter() - start
    return Learnt(likeness, tuple(made.edit(subject, each) for each in subject.edits), seconds)


def _batches(jobs: Iterable[_Job]) -> Iterator[list[_Job]]:
    """Jobs that may run together: rows of a batch share one U-Net, so one adjustment or none."""
    batch: list[_Job] = []
    for job in jobs:
        other = batch and batch[0].embedding.adjustment is not job.embedding.adjustment
        if other or len(batch) == BATCH:
            yield batch
            batch = []
        batch.append(job)
    if batch:
        yield batch
