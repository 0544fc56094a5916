"""Re-use: a half that learnt to read prompts, put back into text-to-image share by share."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from PIL.Image import Image
from pydantic import Field
from torch import Tensor
from torch.nn.functional import normalize

from lookalike.core.intervals import Interval, Score, difference, interval
from lookalike.core.record import Record
from lookalike.core.records import Settings
from lookalike.describe.nearness import looked
from lookalike.engine.rows import sampled
from lookalike.models.backbone import Backbone
from lookalike.models.halves import FirstHalf
from lookalike.models.probe import Probe
from lookalike.reverse.making import BATCH
from lookalike.reverse.members import Doing
from lookalike.reverse.prompts import Asked, look_of
from lookalike.world.stating import stated

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)

SEED = 50_000
"""Seeds of the pictures start here."""


class Row(Record):
    """One share, and how well its pictures show their prompts."""

    share: float = Field(description="How far the weights went to the fine-tuned ones.")
    figures: Mapping[str, Interval] = Field(description="Means over prompts.")
    against: Mapping[str, Interval] = Field(description="Paired differences to share 0.")


class Curve(Record):
    """The alignment of pictures with their prompts, over the share.

    `clip_t` is the cosine of picture and prompt in the model's own CLIP; `agreement` the share
    of what a prompt states that the probe finds in its picture.
    """

    model: str = Field(description="The model.")
    model_sha256: str = Field(description="Its hash.")
    distance: float = Field(description="Of the weights, as a share of the model's own length.")
    prompts: int = Field(ge=1, description="How many prompts there were.")
    known: int = Field(ge=0, description="Those of them whose statements could be checked.")
    seeds: int = Field(ge=1, description="Pictures of each prompt, of the same seeds in all rows.")
    settings: Settings = Field(description="How they were made.")
    rows: tuple[Row, ...] = Field(description="One for each share, in ascending order.")


@dataclass(frozen=True)
class Shown:
    """The first picture of each prompt, as a share made it."""

    share: float
    pictures: Sequence[Image]


def reuse(
    backbone: Backbone,
    half: FirstHalf,
    asked: Sequence[Asked],
    shares: Sequence[float] = SHARES,
    seeds: int = 1,
    settings: Settings | None = None,
    probe: Probe | None = None,
) -> Iterator[Doing | Shown | Curve]:
    """Make pictures of prompts at each share and at 0, and measure how well they show these.

    Yields what is done, each share's first pictures, and at last the curve. The U-Net is as it
    was whenever something is yielded.
    """
    chosen = (settings or Settings()).settled(backbone.guidance)
    wanted = _wanted(backbone, asked, probe)
    every: dict[float, Scores] = {}
    for share in sorted({0.0, *shares}):
        every[share] = yield from _scored(backbone, half, share, wanted, seeds, chosen)
    yield Curve(
        model=backbone.name,
        model_sha256=backbone.sha256,
        distance=half.distance(backbone.unet),
        prompts=len(asked),
        known=sum(bool(values) for values in wanted.values),
        seeds=seeds,
        settings=chosen,
        rows=tuple(_row(share, scores, every[0.0]) for share, scores in every.items()),
    )


Scores = Mapping[str, Sequence[Score]]
"""For each figure, the score of each prompt: the mean over its seeds."""


@dataclass(frozen=True)
class _Wanted:
    """Prompts as their pictures are judged: by CLIP, and by what they state where it is known."""

    texts: Sequence[str]
    places: Float[Tensor, "prompts shared"]
    values: Sequence[Mapping[str, str]]  # what the probe should find; empty where nothing is known
    probe: Probe | None

    def scores(self, backbone: Backbone, made: Sequence[Image], first: int) -> Scores:
        """What pictures score, those of the prompts from `first` on."""
        rows = slice(first, first + len(made))
        clip_t = (looked(backbone.clip, made) * self.places[rows]).sum(1).tolist()
        read = [{}] * len(made) if self.probe is None else self.probe.read(made)
        pairs = zip(self.values[rows], read, strict=True)
        return {"clip_t": clip_t, "agreement": [_share(want, shown) for want, shown in pairs]}


def _wanted(backbone: Backbone, asked: Sequence[Asked], probe: Probe | None) -> _Wanted:
    texts = [one.prompt for one in asked]
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    with torch.no_grad():
        places = torch.cat([backbone.clip.project(batch).float().cpu() for batch in batches])
    heads = {} if probe is None else probe.heads
    values = [
        {name: value for name, value in _stated(one).items() if value in heads.get(name, ())}
        for one in asked
    ]
    return _Wanted(texts, normalize(places, dim=-1), values, probe)


def _stated(one: Asked) -> dict[str, str]:
    return {} if one.truth is None else stated(one.prompt, look_of(one.truth))


def _share(want: Mapping[str, str], shown: Mapping[str, str]) -> Score:
    hits = [shown.get(name) == value for name, value in want.items()]
    return sum(hits) / len(hits) if hits else None


def _scored(
    backbone: Backbone,
    half: FirstHalf,
    share: float,
    wanted: _Wanted,
    seeds: int,
    settings: Settings,
) -> Generator[Doing | Shown, None, Scores]:
    """The scores of one share; the same seeds in the same batches for all."""
    count = len(wanted.texts)
    every: dict[str, list[list[Score]]] = {}
    shown: list[Image] = []
    starts = [(run, first) for run in range(seeds) for first in range(0, count, BATCH)]
    for done, (run, first) in enumerate(starts, start=1):
        texts = wanted.texts[first : first + BATCH]
        begin = SEED + run * count + first
        # Lent for one batch at a time: whoever takes a step from here finds the model whole.
        with torch.no_grad(), half.lent(backbone.unet, share):
            made = sampled(
                backbone, backbone.embed(texts), settings, range(begin, begin + len(texts))
            )
        for name, scores in wanted.scores(backbone, made, first).items():
            kept = every.setdefault(name, [[] for _ in range(count)])
            for row, score in enumerate(scores, start=first):
                kept[row].append(score)
        shown += made if run == 0 else []
        yield Doing(f"share {share:g}", done, len(starts))
    yield Shown(share, shown)
    return {name: [_mean(each) for each in scores] for name, scores in every.items()}


def _mean(scores: Sequence[Score]) -> Score:
    known = [each for each in scores if each is not None]
    return sum(known) / len(known) if known else None


def _row(share: float, scores: Scores, plain: Scores) -> Row:
    figures = {name: interval(values) for name, values in scores.items()}
    against = {name: difference(values, plain[name]) for name, values in scores.items() if share}
    return Row(share=share, figures=_known(figures), against=_known(against))


def _known(figures: Mapping[str, Interval | None]) -> dict[str, Interval]:
    return {name: figure for name, figure in figures.items() if figure is not None}
