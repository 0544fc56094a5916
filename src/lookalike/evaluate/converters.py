"""The converters' benchmark: how like the reference their pictures are, and what words still do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np

from lookalike import __version__
from lookalike.core.errors import OptionError
from lookalike.core.files import sha256
from lookalike.core.intervals import Interval, spread
from lookalike.core.records import Settings
from lookalike.evaluate.dino import Dino
from lookalike.evaluate.distances import directions, frechet, without_each
from lookalike.evaluate.domains import FOLDER, chosen_domains, drawn, from_folder
from lookalike.evaluate.editing import instructions
from lookalike.evaluate.entrants import Entrant, chosen_entrants, entrants, fingerprint
from lookalike.evaluate.kept import Kept, digest
from lookalike.evaluate.making import SEED, Shown, maker, pictured
from lookalike.evaluate.round_trip import Stage
from lookalike.evaluate.scoring import SCORES, Eyes, Judged, judged
from lookalike.evaluate.subjects import HELD_OUT, Domain
from lookalike.evaluate.table import Converters, HeldOut, Row, Table, lines
from lookalike.evaluate.worlds import CURVE, judge, judge_folder
from lookalike.models.backbone import Backbone


@dataclass(frozen=True)
class Asked:
    """What to run: the parts of the benchmark, how much of each, and how pictures are made."""

    count: int = 20
    curve: int | None = None
    """References of the domain `curve`, whose rows learn longest; `count` where None."""
    domains: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    split: HeldOut = "test"
    pictures: int = 2
    edits: int = 2
    others: int = HELD_OUT
    settings: Settings = field(default_factory=lambda: Settings(steps=15))
    folder: Path | None = None
    weights: Path | None = None
    dino: Path | None = None

    def check(self) -> None:
        """Raise for what is missing or unknown, before anything slow begins."""
        chosen_domains(self.domains, self.folder)
        chosen_entrants(self.methods, entrants(self.weights))
        for place in (self.folder, self.weights, self.dino):
            if place is not None and not place.is_dir():
                raise OptionError(f"there is no folder {place}")


def held_out_split(name: str) -> HeldOut:
    """The split of that name, if it is one that no part of a model was trained on.

    Raises:
        OptionError: it is not.
    """
    for known in get_args(HeldOut):
        if name == known:
            return known
    raise OptionError(f"there is no split {name} to judge on; there are test and validation")


@dataclass(frozen=True)
class Finished:
    """One domain's outcome: what it was asked, its table, and where its rows are kept."""

    domain: Domain
    table: Table
    kept: tuple[Kept, ...]


def measure(
    backbone: Backbone, asked: Asked, out: Path, finished: list[Finished] | None = None
) -> Iterator[Stage | Converters]:
    """Run the benchmark; rows that are finished in the folder `out` are not made again.

    Yields stages on the way and the outcome last; `finished`, if given, receives each domain as it
    is done.

    Raises:
        OptionError: there is no such domain or method, or a folder lacks what it needs.
    """
    asked.check()
    dino = None if asked.dino is None else Dino.load(asked.dino, backbone.device)
    done = [] if finished is None else finished
    first = len(done)
    for name in chosen_domains(asked.domains, asked.folder):
        eyes = Eyes(backbone.clip, judge(name), dino)
        yield from _domain(backbone, eyes, asked, _read(name, asked, backbone.pixels), out, done)
    yield Converters(
        model=backbone.name,
        model_sha256=backbone.sha256,
        split=asked.split,
        settings=asked.settings.settled(backbone.guidance),
        pictures=asked.pictures,
        edits=asked.edits,
        instructions=len(instructions()),
        tables=tuple(one.table for one in done[first:]),
    )


def _read(name: str, asked: Asked, pixels: int) -> Domain:
    if name == FOLDER and asked.folder is not None:
        return from_folder(asked.folder, asked.count, asked.edits, asked.others)
    count = asked.count
    if name == CURVE and asked.curve is not None:
        count = asked.curve
    return drawn(name, asked.split, count, asked.edits, asked.others, pixels)


def _domain(
    backbone: Backbone, eyes: Eyes, asked: Asked, domain: Domain, out: Path, done: list[Finished]
) -> Iterator[Stage]:
    chosen = chosen_entrants(asked.methods, entrants(asked.weights))
    mine = [one for one in chosen if one.enters(domain.name)]
    held = _HeldOut.of(eyes, domain, asked.pictures)
    known = _known(backbone, asked, domain)
    rows: list[Row] = []
    kept: list[Kept] = []
    for number, entrant in enumerate(mine):
        place = _kept(out, entrant, domain, known)
        row = place.load()
        if row is None:
            count = len(domain.subjects)
            for shown in (run := _Run(backbone, eyes, asked, domain, entrant)).steps():
                at = number * count + shown
                yield Stage(f"{domain.name}: {entrant.name}", at, len(mine) * count)
            row = run.row(held)
            place.save(row, run.shown)
        rows.append(row)
        kept.append(place)
    table = Table(
        domain=domain.name,
        references=len(domain.subjects),
        others=len(domain.others),
        directions=len(held.basis),
        skipped=domain.skipped,
        lines=lines(rows),
    )
    done.append(Finished(domain, table, tuple(kept)))


class _Run:
    """One row in the making."""

    def __init__(
        self, backbone: Backbone, eyes: Eyes, asked: Asked, domain: Domain, entrant: Entrant
    ) -> None:
        self.eyes, self.domain, self.entrant = eyes, domain, entrant
        made, settings = maker(backbone, entrant), asked.settings
        self.pictures = pictured(
            backbone, made, domain.subjects, asked.pictures, asked.edits, settings
        )
        self.shown: list[Shown] = []
        self.judged: list[Judged] = []

    def steps(self) -> Iterator[int]:
        """Make and judge reference after reference; yields how many are done."""
        for subject, shown in zip(self.domain.subjects, self.pictures, strict=True):
            self.shown.append(shown)
            self.judged.append(judged(self.eyes, subject, shown))
            yield len(self.shown)

    def row(self, held: _HeldOut) -> Row:
        """The row of all references."""
        scores = {name: [one.scores[name] for one in self.judged] for name in SCORES}
        if len(self.judged) > 1:
            # What a method prepares once a model is no part of what a reference takes.
            scores["seconds"][0] = None
        if not self.entrant.converter:
            scores["seconds"] = scores["megabytes"] = [None] * len(self.judged)
        return Row(
            domain=self.domain.name,
            method=self.entrant.name,
            converter=self.entrant.converter,
            options=fingerprint(self.entrant.options),
            references=tuple(one.name for one in self.domain.subjects),
            scores={name: tuple(each) for name, each in scores.items()},
            frechet=held.distance([one.features for one in self.judged]),
        )


@dataclass(frozen=True)
class _HeldOut:
    """A domain's held-out pictures, as what made pictures are compared with as a set."""

    features: np.ndarray
    basis: np.ndarray

    @classmethod
    def of(cls, eyes: Eyes, domain: Domain, pictures: int) -> _HeldOut:
        features = eyes.clip_of(domain.others) if domain.others else np.zeros((0, 1))
        if len(features) < 2:
            return cls(features, np.zeros((0, features.shape[1])))
        fewer = min(len(features), pictures * len(domain.subjects))
        basis = directions(features, fewer)
        return cls(features @ basis.T, basis)

    def distance(self, groups: Sequence[np.ndarray]) -> Interval | None:
        """The distance of all groups together; None where there is too little for one."""
        if not len(self.basis) or len(groups) < 2:
            return None
        mine = [group @ self.basis.T for group in groups]
        whole = frechet(np.concatenate(mine), self.features)
        return spread(whole, without_each(mine, self.features))


def _known(backbone: Backbone, asked: Asked, domain: Domain) -> dict[str, Any]:
    """All that a row's figures depend on, the method apart."""
    return {
        "version": __version__,
        "model": backbone.sha256,
        "precision": str(backbone.dtype),
        "clip": backbone.clip.sha256,
        "settings": asked.settings.settled(backbone.guidance).model_dump(mode="json"),
        "seed": SEED,
        "pictures": asked.pictures,
        "edits": asked.edits,
        "split": asked.split,
        "domain": digest(domain),
        "judge": sha256(judge_folder(domain.name)),
        "dino": None if asked.dino is None else sha256(asked.dino),
    }


def _kept(out: Path, entrant: Entrant, domain: Domain, known: dict[str, Any]) -> Kept:
    method = {"converter": entrant.converter, "options": fingerprint(entrant.options)}
    return Kept(out / domain.name, entrant.name, known | method)
