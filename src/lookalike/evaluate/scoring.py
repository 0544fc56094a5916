"""What made pictures are worth: scores of one reference, from all who look at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from PIL.Image import Image

from lookalike.core.intervals import Score
from lookalike.evaluate.dino import Dino
from lookalike.evaluate.distances import Features, Others, diversity, similarity, units
from lookalike.evaluate.making import Shown
from lookalike.evaluate.metrics import JUDGED, Values
from lookalike.evaluate.subjects import Subject
from lookalike.models.clip import Clip
from lookalike.models.probe import Probe

SCORES = (
    *("agreement", "identity", "clip_i", "dino", "edit_accuracy", "kept", "clip_t"),
    *("edit_clip_i", "edit_dino", "diversity", "seconds", "megabytes"),
)
"""Every score of a reference, in the order of the table."""


@dataclass(frozen=True)
class Eyes:
    """Who looks at pictures: the model's own CLIP, the judge of attributes, and DINO if named."""

    clip: Clip
    judge: Probe
    dino: Dino | None = None

    @torch.no_grad()
    def clip_of(self, pictures: Sequence[Image]) -> Features:
        """CLIP's features of pictures, at length 1."""
        return units(self.clip.see(pictures).projected.cpu().numpy())

    @torch.no_grad()
    def text_of(self, texts: Sequence[str]) -> Features:
        """CLIP's features of texts, at length 1."""
        return units(self.clip.project(texts).cpu().numpy())

    def dino_of(self, pictures: Sequence[Image]) -> Features | None:
        """DINO's features of pictures, at length 1; None without DINO."""
        return None if self.dino is None else units(self.dino.see(pictures).cpu().numpy())


@dataclass(frozen=True)
class Judged:
    """One reference's scores, and CLIP's features of the pictures that should be like it."""

    scores: Mapping[str, Score]
    features: Features


def judged(eyes: Eyes, subject: Subject, shown: Shown) -> Judged:
    """Score what was made of one reference."""
    made, real = eyes.clip_of(shown.likeness), eyes.clip_of(subject.pictures)
    edited = eyes.clip_of(shown.edits) if shown.edits else None
    scores: dict[str, Score] = {
        "clip_i": similarity(made, real),
        "clip_t": _clip_t(eyes, subject, made, edited),
        "edit_clip_i": None if edited is None else similarity(edited, real),
        "diversity": diversity(made) if len(made) > 1 else None,
        "seconds": shown.seconds,
        "megabytes": shown.megabytes,
    }
    found = {**scores, **_dino(eyes, subject, shown), **_attributes(eyes.judge, subject, shown)}
    return Judged({name: found.get(name) for name in SCORES}, made)


def _clip_t(eyes: Eyes, subject: Subject, made: Features, edited: Others | None) -> float:
    """Each edited picture with its own words; without edits, the likeness with the caption."""
    if edited is None:
        return similarity(made, eyes.text_of([subject.caption]))
    texts = eyes.text_of([edit.words for edit in subject.edits])
    return float((edited * texts).sum(1).mean())


def _dino(eyes: Eyes, subject: Subject, shown: Shown) -> dict[str, Score]:
    real, made = eyes.dino_of(subject.pictures), eyes.dino_of(shown.likeness)
    if real is None or made is None:
        return {}
    edited = eyes.dino_of(shown.edits) if shown.edits else None
    return {
        "dino": similarity(made, real),
        "edit_dino": None if edited is None else similarity(edited, real),
    }


def _attributes(judge: Probe, subject: Subject, shown: Shown) -> dict[str, Score]:
    """Shares of what the judge should find; nothing where no attribute is known."""
    look = subject.look
    if look is None:
        return {}
    found = judge.read([*shown.likeness, *shown.edits])
    made, edited = found[: len(shown.likeness)], found[len(shown.likeness) :]
    wanted = {name: value for name, value in look.values.items() if name in JUDGED}
    asked = list(zip(subject.edits, edited, strict=True))
    return {
        "agreement": _share([(wanted, one) for one in made]),
        "identity": _share([(look.of("identity"), one) for one in made]),
        "edit_accuracy": _share([(edit.wanted, one) for edit, one in asked]),
        "kept": _share([(edit.kept, one) for edit, one in asked]),
    }


def _share(pairs: Sequence[tuple[Values, Values]]) -> Score:
    """The share of wanted values that were found, over all pictures; None where none was wanted."""
    hits = [got.get(name) == value for want, got in pairs for name, value in want.items()]
    return sum(hits) / len(hits) if hits else None
