"""The benchmark of restyle: ways to paint a content like a style, judged by what none optimises."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

import torch
from PIL import Image
from pydantic import Field

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.core.intervals import Interval, interval
from lookalike.core.pictures import open_picture
from lookalike.core.record import Record
from lookalike.core.records import Prompt, Reference, Settings
from lookalike.core.sheets import sheet
from lookalike.engine.plan import text_plan
from lookalike.engine.references import leaning
from lookalike.engine.run import run
from lookalike.evaluate.round_trip import Stage
from lookalike.evaluate.scenes import content as said
from lookalike.evaluate.strokes import Eye, edge_likeness
from lookalike.models.backbone import Backbone
from lookalike.models.vgg import Vgg, precision_on
from lookalike.restyle.colours import recoloured
from lookalike.restyle.options import options_of
from lookalike.restyle.pixels import fitted, shrunk
from lookalike.restyle.transfer import Style, finished, transfer
from lookalike.world.look import Look, looks_in
from lookalike.world.render import render

STYLES = ("landscape", "critters", "miniavs")
"""The drawn styles: two of the world's, and one that mini has never seen."""

SREF = 300.0
"""The style weight of --sref: at which the references' benchmark finds the style every time."""

SEED = 80_000
_CONTENT = "avataaars"


@dataclass(frozen=True, eq=False)
class Pair:
    """A content and a style, with the words for the content."""

    content: Image.Image
    style: Image.Image
    words: str
    name: str


@dataclass(frozen=True)
class Asked:
    """What is measured: how many contents, of what size, how many steps, and which rows."""

    count: int = 2
    size: int = 128
    steps: int = 100
    styles: tuple[Path, ...] = ()
    methods: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise `OptionError` for a row that there is not, and for pictures that cannot be read."""
        for name in self.methods:
            if name not in METHODS:
                near = did_you_mean(name, METHODS)
                known = ", ".join(METHODS)
                raise OptionError(f"there is no row {name}{near}; there are {known}")
        for path in self.styles:
            open_picture(path)

    @property
    def rows(self) -> list[str]:
        """The rows to run, in the order of the table."""
        return [name for name in METHODS if not self.methods or name in self.methods]


class Row(Record):
    """A way to paint and what came of it."""

    method: str = Field(description="The way.")
    figures: dict[str, Interval | None] = Field(description="Means over the pairs, by name.")


class Restylings(Record):
    """The benchmark's outcome."""

    pairs: int = Field(description="How many pairs of a content and a style.")
    size: int = Field(description="The longer side of what was painted, in pixels.")
    steps: int = Field(description="Steps of the ways of one size, and of the smallest of several.")
    features: str = Field(description="The VGG that judges, which the ways look by too.")
    rows: tuple[Row, ...] = Field(description="Ways and what came of them.")


@dataclass(frozen=True, eq=False)
class Studio:
    """What ways to paint work with."""

    backbone: Backbone
    vgg: Vgg
    asked: Asked

    def painted(self, pair: Pair, preset: str, **given: object) -> Image.Image:
        """The pair by a preset of restyle, most with the same number of steps at the start."""
        own = {} if preset == "fast" else {"first_steps": self.asked.steps}
        options = options_of(preset, {"size": self.asked.size, **own, **given})
        device = self.vgg.device
        vgg = self.vgg.to(device, precision_on(device, options.precision), options.pooling)
        *_, last = transfer(vgg, pair.content, [Style(pair.style)], options)
        return finished(last.best, pair.content, options)

    def multi(self, pair: Pair, loss: str) -> Image.Image:
        """The default way at three sizes, with either loss."""
        steps = max(1, self.asked.steps // 2)
        return self.painted(pair, "best", loss=loss, scales=3, steps=steps, average=0.9)

    @torch.no_grad()
    def leant(self, pair: Pair) -> Image.Image:
        """A picture of the content's words that leans on the style."""
        settings = Settings(steps=20, style_weight=SREF)
        plan = text_plan(self.backbone, Prompt.of(pair.words, settings=settings), [SEED])
        reference = Reference(source="style.png", role="style")
        [made] = run(self.backbone, leaning(self.backbone, plan, [(reference, pair.style)]))
        return shrunk(made, fitted(made.size, self.asked.size, grow=True))


METHODS: Mapping[str, Callable[[Studio, Pair], Image.Image]] = {
    "content": lambda studio, pair: pair.content,
    "colours": lambda studio, pair: recoloured(pair.content, pair.style),
    "w2": lambda studio, pair: studio.multi(pair, "w2"),
    "gram": lambda studio, pair: studio.multi(pair, "gram"),
    "fast": lambda studio, pair: studio.painted(pair, "fast"),
    "gatys2016": lambda studio, pair: studio.painted(pair, "gatys2016"),
    "seed-document": lambda studio, pair: studio.painted(pair, "seed-document"),
    "sref": lambda studio, pair: studio.leant(pair),
}
"""The rows: nothing done, colours alone, restyle in its ways, and a prompt with the style."""


@dataclass(frozen=True, eq=False)
class Painted:
    """What every way made of one pair."""

    pair: Pair
    made: Mapping[str, Image.Image]


def measure(
    backbone: Backbone, vgg: Vgg, asked: Asked, shown: list[Painted]
) -> Iterator[Stage | Restylings]:
    """Run the benchmark: stages on the way, the outcome last; pictures are added to `shown`.

    Contents are held-out characters; styles are drawings of `STYLES` and pictures of one's own.
    """
    studio, eye, pairs = Studio(backbone, vgg, asked), Eye(vgg), pairs_of(asked)
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in asked.rows}
    for number, pair in enumerate(pairs):
        made: dict[str, Image.Image] = {}
        for place, name in enumerate(asked.rows):
            done = number * len(asked.rows) + place
            yield Stage(f"{name} of {pair.name}", done, len(pairs) * len(asked.rows))
            began = time.perf_counter()
            made[name] = METHODS[name](studio, pair)
            seconds = time.perf_counter() - began
            scores[name].append({**_figures(eye, made[name], pair), "seconds": seconds})
        shown.append(Painted(pair, made))
    yield Restylings(
        pairs=len(pairs),
        size=asked.size,
        steps=asked.steps,
        features=f"{vgg.name} {vgg.sha256}",
        rows=tuple(Row(method=k, figures=_means(v)) for k, v in scores.items()),
    )


def pairs_of(asked: Asked) -> list[Pair]:
    """Every content with every style."""
    contents = list(islice(looks_in(_CONTENT, "test"), asked.count))
    styles = [(name, _drawn(name, asked.size)) for name in STYLES]
    for path in asked.styles:
        whole = open_picture(path)
        styles.append((path.stem, shrunk(whole, fitted(whole.size, asked.size, grow=False))))
    return [
        Pair(render(one, asked.size), style, said(one), f"{one.seed} like {name}")
        for one, (name, style) in product(contents, styles)
    ]


def page(shown: Sequence[Painted]) -> Image.Image:
    """All pairs in rows: content, style, and what each way made."""
    tiles = [
        (picture, label)
        for one in shown
        for label, picture in {"the style": one.pair.style, **one.made}.items()
    ]
    pictures, labels = zip(*tiles, strict=True)
    return sheet(pictures, len(tiles) // len(shown), labels=labels, tile=128, gap=4)


def _drawn(style: str, size: int) -> Image.Image:
    found: Look = next(looks_in(style, "test"))
    return render(found, size)


def _figures(eye: Eye, made: Image.Image, pair: Pair) -> dict[str, float]:
    return {
        "content": eye.content(made, pair.content),
        **eye.style(made, pair.style),
        "edges": edge_likeness(made, pair.content),
    }


def _means(scores: Sequence[Mapping[str, float]]) -> dict[str, Interval | None]:
    return {name: interval([one[name] for one in scores]) for name in scores[0]}
