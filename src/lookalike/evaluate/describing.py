"""How good describers are: the words that they find, the pictures that come of them, the time."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Mapping, Sequence

import torch
from PIL.Image import Image
from pydantic import Field

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.core.intervals import Interval, Score, difference, interval
from lookalike.core.record import Record
from lookalike.core.records import Settings
from lookalike.describe import Describer, describers
from lookalike.describe.nearness import looked
from lookalike.engine.rows import sampled
from lookalike.evaluate.metrics import Values
from lookalike.evaluate.modifiers import found, micro
from lookalike.evaluate.round_trip import Stage
from lookalike.evaluate.samples import BATCH
from lookalike.models.backbone import Backbone
from lookalike.models.probe import Probe
from lookalike.models.spec import packaged
from lookalike.world.dataset import from_row
from lookalike.world.style import foreign

SEED = 40_000
"""Seeds of the pictures that are made of descriptions start here."""

SEEDS = 2
"""Pictures of each description, where nothing else is said."""

Method = tuple[str, Mapping[str, object]]
"""A describer and its options."""

METHODS: Mapping[str, Method] = {
    "phrases": ("phrases", {}),
    "interrogator-best": ("interrogator", {"mode": "best"}),
    "interrogator-fast": ("interrogator", {"mode": "fast"}),
    "interrogator-classic": ("interrogator", {"mode": "classic"}),
    "retrieval": ("reverse", {"composed": False, "retrieved": 1}),
    "reverse": ("reverse", {}),
}
"""What is compared, by the names of rows; a describer's own name is one too."""


class Row(Record):
    """One way to describe pictures, and how good it is."""

    method: str = Field(description="The row's name.")
    describer: str = Field(description="The describer.")
    options: dict[str, str | int | float | bool | None] = Field(description="Its options.")
    figures: dict[str, Interval] = Field(description="Figures, with their 95 % intervals.")
    against: dict[str, Interval] = Field(
        description="Paired differences to the first row, with their 95 % intervals."
    )


class Describers(Record):
    """Describers compared over the same pictures."""

    model: str = Field(description="The model.")
    model_sha256: str = Field(description="Its hash.")
    pictures: int = Field(description="How many pictures were described.")
    words: int = Field(description="How many words the vocabulary has.")
    seeds: int = Field(description="Pictures made of each description.")
    settings: Settings = Field(description="How they were made.")
    rows: tuple[Row, ...] = Field(description="The methods, in the order asked for.")

    def row(self, method: str) -> Row:
        """The row of a method."""
        return next(row for row in self.rows if row.method == method)


def methods_of(names: Sequence[str], weights: str | None = None) -> dict[str, Method]:
    """Methods by their names; `weights` is what those of the trained model read.

    Raises:
        OptionError: there is no such method.
    """
    known = {**{name: (name, {}) for name in describers.names()}, **METHODS}
    chosen: dict[str, Method] = {}
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            raise OptionError(f"there is no method {name}{near} (there are: {', '.join(known)})")
        by, options = known[name]
        more = {"weights": weights} if by == "reverse" and weights is not None else {}
        chosen[name] = (by, {**options, **more})
    return chosen


def judge_describers(
    backbone: Backbone,
    pictures: Sequence[Image],
    prompts: Sequence[str],
    truths: Sequence[str | None],
    words: Sequence[str],
    methods: Mapping[str, Method],
    seeds: int = SEEDS,
    settings: Settings | None = None,
) -> Iterator[Stage | Describers]:
    """Describe pictures by each method and judge the best prompt; yields stages, then the outcome.

    `prompts` are the true ones, `truths` what they say of the drawn world, or None. Figures, means
    over pictures: `precision`, `recall` and `f1` of the vocabulary's words, and the same as
    `micro_…` over all words together; `clip_i`, the cosine of a picture and those made of its
    description; `agreement`, the share of a picture's attributes that the probe finds in these;
    `seconds`, how long describing one picture takes once the bank is read.
    """
    chosen = (settings or Settings()).settled(backbone.guidance)
    made = {name: describers.make(by, options) for name, (by, options) in methods.items()}
    wanted = _Wanted(backbone, pictures, truths)
    every: dict[str, _Scores] = {}
    for name, describer in made.items():
        texts, seconds = yield from _described(name, backbone, describer, pictures)
        scores = _words(texts, prompts, words)
        scores.means["seconds"] = seconds
        scores.means |= yield from _regenerated(name, backbone, texts, wanted, seeds, chosen)
        every[name] = scores
    first = next(iter(every.values())).means if every else {}
    yield Describers(
        model=backbone.name,
        model_sha256=backbone.sha256,
        pictures=len(pictures),
        words=len(words),
        seeds=seeds,
        settings=chosen,
        rows=tuple(_row(name, made[name], scores, first) for name, scores in every.items()),
    )


class _Scores:
    """What one method's descriptions scored: for each picture, and for all together."""

    def __init__(self, means: dict[str, list[Score]], whole: dict[str, Interval]) -> None:
        self.means, self.whole = means, whole


class _Wanted:
    """The given pictures as their likes are judged: by CLIP, and by what they surely show.

    A prompt may leave out what its truth tells, and a model may not draw it: an attribute is
    wanted where the probe finds it in the given picture.
    """

    def __init__(
        self, backbone: Backbone, pictures: Sequence[Image], truths: Sequence[str | None]
    ) -> None:
        self.vectors = looked(backbone.clip, pictures)
        looks = [None if truth is None else _values(truth) for truth in truths]
        self.probe = _probe([look["style"] for look in looks if look is not None])
        seen: list[dict[str, str]] = self.probe.read(pictures) if self.probe else []
        self.values: list[Values] = [
            {name: value for name, value in (look or {}).items() if shown.get(name) == value}
            for look, shown in zip(looks, seen or [{}] * len(looks), strict=True)
        ]

    def likeness(self, backbone: Backbone, made: Sequence[Image], first: int) -> list[float]:
        """The cosines of pictures with the given ones from `first` on."""
        given = self.vectors[first : first + len(made)]
        return (looked(backbone.clip, made) * given).sum(1).tolist()

    def agreement(self, made: Sequence[Image], first: int) -> list[Score]:
        """The shares of what is wanted that pictures show; None where nothing is."""
        wanted = self.values[first : first + len(made)]
        if self.probe is None:
            return [None] * len(made)
        read = self.probe.read(made)
        return [_share(want, shown) for want, shown in zip(wanted, read, strict=True)]


def _share(want: Values, shown: Values) -> Score:
    hits = [shown.get(name) == value for name, value in want.items()]
    return sum(hits) / len(hits) if hits else None


def _values(truth: str) -> dict[str, str]:
    try:
        return from_row(json.loads(truth)).values
    except (ValueError, KeyError, TypeError, AssertionError) as fault:
        raise OptionError(
            f"this truth of a prompt is no look of the world: {truth[:60]}"
        ) from fault


def _probe(styles: Sequence[str]) -> Probe | None:
    """The judge of the styles that are known; None where none is."""
    if not styles:
        return None
    return Probe.load(packaged() / ("judge" if set(styles) & {*foreign()} else "probe"))


def _described(
    name: str, backbone: Backbone, describer: Describer, pictures: Sequence[Image]
) -> Generator[Stage, None, tuple[list[str], list[Score]]]:
    """The best prompt of each picture, and how long each took."""
    describer.describe(backbone, pictures[:1], 1)  # reads the bank, which is kept
    texts: list[str] = []
    seconds: list[Score] = []
    for picture in pictures:
        began = time.perf_counter()
        found = describer.describe(backbone, [picture], 1)[0]
        seconds.append(time.perf_counter() - began)
        texts.append(found[0].text if found else "")
        yield Stage(f"{name}: describing", len(texts), len(pictures))
    return texts, seconds


def _words(texts: Sequence[str], prompts: Sequence[str], words: Sequence[str]) -> _Scores:
    known = frozenset(words)
    each = [found(text, prompt, known) for text, prompt in zip(texts, prompts, strict=True)]
    means: dict[str, list[Score]] = {
        "precision": [one.precision for one in each],
        "recall": [one.recall for one in each],
        "f1": [one.f1 for one in each],
    }
    return _Scores(means, micro(each))


def _regenerated(
    name: str,
    backbone: Backbone,
    texts: Sequence[str],
    wanted: _Wanted,
    seeds: int,
    settings: Settings,
) -> Generator[Stage, None, dict[str, list[Score]]]:
    """How like the given pictures those are that descriptions give; the same seeds for all."""
    likeness: list[list[Score]] = [[] for _ in texts]
    agreement: list[list[Score]] = [[] for _ in texts]
    starts = [(run, first) for run in range(seeds) for first in range(0, len(texts), BATCH)]
    for done, (run, first) in enumerate(starts):
        some = texts[first : first + BATCH]
        with torch.no_grad():
            embedding = backbone.embed(some)
        begin = SEED + run * len(texts) + first
        made = sampled(backbone, embedding, settings, range(begin, begin + len(some)))
        for row, value in enumerate(wanted.likeness(backbone, made, first)):
            likeness[first + row].append(value)
        for row, share in enumerate(wanted.agreement(made, first)):
            agreement[first + row].append(share)
        yield Stage(f"{name}: pictures", done + 1, len(starts))
    return {"clip_i": _mean(likeness), "agreement": _mean(agreement)}


def _mean(scores: Sequence[Sequence[Score]]) -> list[Score]:
    """The mean over each picture's seeds; None where there was nothing to judge."""
    known = [[each for each in one if each is not None] for one in scores]
    return [sum(one) / len(one) if one else None for one in known]


def _row(name: str, describer: Describer, scores: _Scores, first: Mapping[str, list[Score]]) -> Row:
    means = {key: interval(values) for key, values in scores.means.items()}
    same = first is scores.means
    against = {} if same else {k: difference(v, first[k]) for k, v in scores.means.items()}
    return Row(
        method=name,
        describer=describer.name,
        options=describer.model_dump(mode="json"),
        figures={**_known(means), **scores.whole},
        against=_known(against),
    )


def _known(figures: Mapping[str, Interval | None]) -> dict[str, Interval]:
    return {name: figure for name, figure in figures.items() if figure is not None}
