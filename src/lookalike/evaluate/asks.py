"""What the references' benchmark sets, what it asks for then, and how it judges what came."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from PIL.Image import Image

from lookalike.core.records import Part, Reference, Role
from lookalike.evaluate.metrics import JUDGED, Values, agreement
from lookalike.evaluate.scenes import (
    Case,
    cases,
    content,
    foreign_cases,
    in_style,
    part_of,
    together,
)
from lookalike.world.caption import caption, read
from lookalike.world.look import Look, Split

IDENTITY = ("hair", "hair_colour", "skin", "glasses", "facial_hair")
FACE = ("skin", "glasses", "facial_hair")
CLOTHES = ("clothes", "clothes_colour")
NAMED = ("mouth", *CLOTHES, "background")
CONTENT = tuple(name for name in JUDGED if name != "style")

SEEN_FOREIGN = ("background", "skin", "hair_colour", "glasses", "facial_hair")

STYLE_WEIGHTS = (0, 50, 100, 300, 1000)
FOREIGN_WEIGHTS = (0, 100, 300, 1000)
CHARACTER_WEIGHTS = (100, 50, 0)
IMAGE_WEIGHTS = (0.0, 0.5, 1.0, 2.0, 3.0)
UNWANTED = 2.0
"""The image weight of pictures whose glasses are not wanted."""

PLAIN = "a person"


@dataclass(frozen=True)
class Asked:
    """A batch before it is made: its prompts' parts, changes of settings, and references."""

    prompts: Sequence[tuple[Part, ...]]
    update: Mapping[str, float] = field(default_factory=dict)
    pictures: Sequence[tuple[Reference, Image]] = ()
    avoid: str = ""


@dataclass(frozen=True)
class Shot:
    """One picture: its reference, the other character that its words are of, what it shows."""

    reference: Look
    other: Look
    found: Values


Ask = Callable[[Case, Image], Asked]
Judge = Callable[[Sequence[Shot]], dict[str, float]]
Wanted = Callable[[Shot], Values]


@dataclass(frozen=True)
class Setting:
    """One row of the benchmark."""

    part: str
    name: str
    ask: Ask
    judge: Judge
    fits: Callable[[Look], bool] = lambda _: True
    foreign: bool = False
    """Whether references are in styles that only the judge of all styles can tell."""

    def cases(self, which: Split, count: int, seed: int) -> list[Case]:
        """What to make: `count` references of the world; of foreign styles two each."""
        return foreign_cases(which, seed) if self.foreign else cases(which, count, seed, self.fits)


def settings_of() -> list[Setting]:
    """Every row, in the order of the table."""
    return [*_styles(), *_characters(), *_images(), *_weights(), *_avoided(), *_foreign()]


def agreed(shots: Sequence[Shot], wanted: Wanted, names: Iterable[str]) -> float:
    """The mean, over attributes, of the share of pictures that show what was wanted."""
    chosen = set(names)
    want = [{k: v for k, v in wanted(s).items() if k in chosen} for s in shots]
    shares = agreement(want, [s.found for s in shots]).values()
    return sum(shares) / len(shares) if shares else math.nan


def _texts(texts: Iterable[str]) -> list[tuple[Part, ...]]:
    return [(Part(text=text),) for text in texts]


def _referring(picture: Image, role: Role, by: str | None = None) -> list[tuple[Reference, Image]]:
    return [(Reference(source="reference.png", role=role, by=by), picture)]


# Style: words that name no style, and a picture of another character in the style that is wanted.


def _styles() -> list[Setting]:
    rows = [
        *((f"sw {weight}", weight, None) for weight in STYLE_WEIGHTS),
        ("reference-only, sw 100", 100, "reference-only"),
        ("img2img from the reference", 100, "start"),
    ]
    return [
        Setting("style", name, _in_style_of(weight, by), _judged_style) for name, weight, by in rows
    ]


def _in_style_of(weight: float, by: str | None = None) -> Ask:
    def ask(case: Case, picture: Image) -> Asked:
        said = [content(in_style(o, case.reference.style)) for o in case.others]
        pictures = _referring(picture, "style", by) if weight else []
        return Asked(_texts(said), {"style_weight": weight}, pictures)

    return ask


def _judged_style(shots: Sequence[Shot]) -> dict[str, float]:
    return {
        "style": agreed(shots, lambda s: s.reference.values, ["style"]),
        "content": agreed(shots, lambda s: in_style(s.other, s.reference.style).values, CONTENT),
    }


# Character: words for expression, clothes, background and style, and a picture of the character.


def _characters() -> list[Setting]:
    named = {f"cw {w}": _character(w, NAMED) for w in CHARACTER_WEIGHTS}
    free = {f"cw {w}, clothes unsaid": _character(w, ["background"]) for w in (100, 0)}
    asks: dict[str, Ask] = {
        "no reference": _character(None, NAMED),
        **named,
        "the true caption": _true_caption,
        "no reference, clothes unsaid": _character(None, ["background"]),
        **free,
    }
    return [Setting("character", name, ask, _judged_character) for name, ask in asks.items()]


def _character(weight: float | None, names: Sequence[str]) -> Ask:
    def ask(case: Case, picture: Image) -> Asked:
        style = case.reference.style
        said = [caption(in_style(o, style, names)) for o in case.others]
        if weight is None:
            return Asked(_texts(said))
        return Asked(_texts(said), {"character_weight": weight}, _referring(picture, "character"))

    return ask


def _true_caption(case: Case, picture: Image) -> Asked:
    style, own = case.reference.style, part_of(case.reference, IDENTITY)
    said = [together(style, own, dict(in_style(o, style, NAMED).attributes)) for o in case.others]
    return Asked(_texts(caption(one) for one in said))


def _judged_character(shots: Sequence[Shot]) -> dict[str, float]:
    def scene(shot: Shot) -> Values:
        return dict(in_style(shot.other, shot.reference.style, NAMED).attributes)

    return {
        "identity": agreed(shots, lambda s: s.reference.values, IDENTITY),
        "face": agreed(shots, lambda s: s.reference.values, FACE),
        "clothes": agreed(shots, lambda s: s.reference.values, CLOTHES),
        "words": agreed(shots, scene, NAMED),
        "background": agreed(shots, scene, ["background"]),
    }


# Image prompts: the words of one character, the picture of another; judged where they differ.


def _images() -> list[Setting]:
    return [
        Setting("image", f"iw {weight:g}", _mixed(weight), _judged_between)
        for weight in IMAGE_WEIGHTS
    ]


def _mixed(weight: float) -> Ask:
    def ask(case: Case, picture: Image) -> Asked:
        said = _texts(caption(one) for one in case.others)
        return Asked(said, {"image_weight": weight}, _referring(picture, "image"))

    return ask


def _judged_between(shots: Sequence[Shot]) -> dict[str, float]:
    def differing(one: Values, other: Values) -> dict[str, str]:
        return {k: v for k, v in one.items() if k in other and other[k] != v}

    return {
        "words": agreed(shots, lambda s: differing(s.other.values, s.reference.values), JUDGED),
        "picture": agreed(shots, lambda s: differing(s.reference.values, s.other.values), JUDGED),
    }


# Weights: the words of two characters in two parts.


def _weights() -> list[Setting]:
    return [
        Setting("weights", f"words::{a} picture's words::{b}", _weighed(a, b), _judged_between)
        for a, b in ((2, 1), (1, 1), (1, 2))
    ]


def _weighed(mine: float, theirs: float) -> Ask:
    def ask(case: Case, picture: Image) -> Asked:
        other = Part(text=caption(case.reference), weight=theirs)
        return Asked([(Part(text=caption(o), weight=mine), other) for o in case.others])

    return ask


# --no: glasses that the words ask for, and glasses that an image prompt shows.


def _avoided() -> list[Setting]:
    rows: dict[str, Ask] = {}
    for avoid in ("", "glasses"):
        said = f" --no {avoid}" if avoid else ""
        rows[f"asked for in words{said}"] = _asked_in_words(avoid)
        rows[f"shown by an image prompt{said}"] = _shown(avoid)
    return [
        Setting("avoid", name, ask, _judged_glasses, fits=_has_glasses)
        for name, ask in rows.items()
    ]


def _has_glasses(of: Look) -> bool:
    return (of.get("glasses") or "none") != "none"


def _asked_in_words(avoid: str) -> Ask:
    def ask(case: Case, picture: Image) -> Asked:
        return Asked(_texts([caption(case.reference)] * len(case.others)), avoid=avoid)

    return ask


def _shown(avoid: str) -> Ask:
    def ask(case: Case, picture: Image) -> Asked:
        said = _texts([PLAIN] * len(case.others))
        return Asked(said, {"image_weight": UNWANTED}, _referring(picture, "image"), avoid)

    return ask


def _judged_glasses(shots: Sequence[Shot]) -> dict[str, float]:
    kept = [name for name in CONTENT if name != "glasses"]
    return {
        "without glasses": agreed(shots, lambda _: {"glasses": "none"}, ["glasses"]),
        "the rest kept": agreed(shots, lambda s: s.reference.values, kept),
    }


# Foreign styles: words that name no style, and a picture in a style that mini has never seen.


def _foreign() -> list[Setting]:
    asks: dict[str, Ask] = {
        **{f"sw {weight}": _in_style_of(weight) for weight in FOREIGN_WEIGHTS},
        "img2img from the reference": _in_style_of(100, "start"),
    }
    return [
        Setting("foreign", name, ask, _judged_foreign, foreign=True) for name, ask in asks.items()
    ]


def _judged_foreign(shots: Sequence[Shot]) -> dict[str, float]:
    def said(shot: Shot) -> Values:
        return read(content(in_style(shot.other, shot.reference.style)))

    return {
        "style": agreed(shots, lambda s: s.reference.values, ["style"]),
        "content": agreed(shots, said, SEEN_FOREIGN),
    }
