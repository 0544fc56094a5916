"""The characters' benchmark: whether they stay the same, differ, and do what words ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import torch
from PIL.Image import Image
from pydantic import Field

from lookalike.convert.textual_inversion import TextualInversion
from lookalike.core.embedding import Embedding, join
from lookalike.core.errors import OptionError, did_you_mean
from lookalike.core.intervals import Interval, interval
from lookalike.core.record import Record
from lookalike.core.records import Settings
from lookalike.engine.rows import sampled
from lookalike.evaluate.round_trip import Stage
from lookalike.evaluate.sameness import IDENTITY, Found, Values, diversity, judged, share
from lookalike.evaluate.scenes import people
from lookalike.models.backbone import Backbone
from lookalike.models.maker import Maker, drawn_places
from lookalike.models.named import Words, embed_named
from lookalike.models.probe import Probe
from lookalike.models.spoken import table
from lookalike.world.contexts import CONTEXTS, caption_in, in_words
from lookalike.world.look import Look
from lookalike.world.render import render

TRUTH, MADE, NAMES = "full true captions", "characters", "training identities"
UNSETTLED = "characters, not settled"
RANDOM, INVERTED = "random embeddings", "textual inversion"
KINDS = (TRUTH, MADE, UNSETTLED, NAMES, RANDOM, INVERTED)
SEED = 80_000
"""Seeds of the benchmark's pictures and sheets start here."""
SHEETS = 4
"""Seeds of sheets that characters are drawn of, in turn."""
WATCHED = 256
BATCH = 16

Read = Callable[[int, Values], Embedding]
"""The embedding of a row's character, by its number, in a context."""


class Row(Record):
    """One way to make characters, and how they fare: shares, 0 to 1."""

    name: str = Field(description="Where the characters come from.")
    characters: int = Field(description="How many.")
    identity: Interval = Field(
        description="Share of contexts that agree on an identity attribute, averaged over five."
    )
    style: Interval = Field(description="The same for the style.")
    text: Interval = Field(description="Share of what a context's words ask for that is shown.")
    diversity: Interval = Field(
        description="Share of identity attributes in which two characters differ."
    )
    distinct: int = Field(description="How many different identities were read.")
    of_truth: Interval = Field(description="identity as a share of the full true captions'.")
    diversity_of_truth: float = Field(description="diversity as a share of theirs.")


class Characters(Record):
    """The benchmark's outcome."""

    model: str = Field(description="The model.")
    model_sha256: str = Field(description="Its hash.")
    maker: str = Field(description="The generator's hash.")
    contexts: int = Field(description="How many contexts.")
    settings: Settings = Field(description="How pictures were made.")
    rows: tuple[Row, ...] = Field(description="Ways to make characters.")
    spread: float = Field(
        description="How far characters lie from one another, as a share of the names': 0 if alike."
    )
    nearest: float = Field(
        description="Mean distance to the nearest training identity, as a share of the mean "
        "distance between two of them."
    )
    nearest_names: float = Field(description="The same of training identities among themselves.")

    def row(self, name: str) -> Row:
        """The row called `name`."""
        return next(row for row in self.rows if row.name == name)


@dataclass(frozen=True)
class Asked:
    """How much to make."""

    count: int = 12
    contexts: int = len(CONTEXTS)
    inverted: int = 4
    inversion_steps: int = 300
    kinds: tuple[str, ...] = KINDS
    settings: Settings = field(default_factory=lambda: Settings(steps=20))


def check_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The rows' names; `OptionError` where there is none of that name."""
    for kind in kinds:
        if kind not in KINDS:
            near = did_you_mean(kind, KINDS)
            raise OptionError(f"there is no row {kind}{near}; there are {'; '.join(KINDS)}")
    return tuple(kinds)


@torch.no_grad()
def measure(
    backbone: Backbone, maker: Maker, probe: Probe, asked: Asked
) -> Iterator[Stage | Characters]:
    """Show characters of every kind in the same contexts and read them; stages, then the outcome.

    A character that a generator made has no true caption. So what is compared, for all rows alike,
    is how far the readings of a character's contexts agree with each other.
    """
    contexts = CONTEXTS[: asked.contexts]
    looks = list(islice(people("test"), asked.count))
    kinds = _kinds(backbone, maker, looks, asked)
    found: dict[str, list[Found]] = {}
    done, of = 0, sum(count for count, _ in kinds.values())
    for name, (count, make) in kinds.items():
        yield Stage(name, done, of)
        read = make()
        found[name] = []
        for number in range(count):
            yield Stage(name, done, of)
            done += 1
            pictures = _shown(backbone, read, number, contexts, asked.settings)
            found[name].append(judged(probe.read(pictures), contexts))
    rows = tuple(_row(name, own, found[TRUTH]) for name, own in found.items())
    yield Characters(
        model=backbone.name,
        model_sha256=backbone.sha256,
        maker=maker.sha256,
        contexts=len(contexts),
        settings=asked.settings.settled(backbone.guidance),
        rows=rows,
        **_places(maker),
    )


def _kinds(
    backbone: Backbone, maker: Maker, looks: Sequence[Look], asked: Asked
) -> dict[str, tuple[int, Callable[[], Read]]]:
    """Every row: how many characters, and what reads them, made when its turn comes."""
    count = asked.count

    def drawn(*, settled: bool) -> Read:
        each = -(-count // SHEETS)
        z = maker.about.shape.z
        sheets = [drawn_places(each, SEED + sheet, z) for sheet in range(SHEETS)]
        places = torch.cat(sheets)
        return _spoken(backbone, maker.words(maker.settled(places) if settled else places))

    kinds: dict[str, tuple[int, Callable[[], Read]]] = {
        TRUTH: (count, lambda: lambda i, values: backbone.embed([caption_in(looks[i], values)])),
        MADE: (count, lambda: drawn(settled=True)),
        UNSETTLED: (count, lambda: drawn(settled=False)),
        NAMES: (
            min(count, len(maker.names)),
            lambda: _spoken(backbone, maker.spread(maker.names[:count])),
        ),
        RANDOM: (count, lambda: _spoken(backbone, _random(backbone, maker, count))),
    }
    if asked.inverted:
        few = looks[: asked.inverted]
        kinds[INVERTED] = (
            len(few),
            lambda: _spoken(backbone, [_inverted(backbone, one, asked) for one in few]),
        )
    return {name: each for name, each in kinds.items() if name == TRUTH or name in asked.kinds}


def _spoken(backbone: Backbone, words: Sequence[Words]) -> Read:
    def read(number: int, values: Values) -> Embedding:
        return embed_named(backbone, [f"@it, {in_words(values)}"], {"it": words[number]})

    return read


def _random(backbone: Backbone, maker: Maker, count: int) -> list[Words]:
    """Pairs of tokens of the vocabulary, drawn blindly."""
    chance = torch.Generator().manual_seed(SEED)
    known = [table(tower) for tower in backbone.towers]
    shape = (count, maker.about.slots)
    chosen = [torch.randint(len(each), shape, generator=chance) for each in known]
    return [tuple(k[c[i]] for k, c in zip(known, chosen, strict=True)) for i in range(count)]


def _inverted(backbone: Backbone, of: Look, asked: Asked) -> Words:
    """Two pseudo-words learnt from one rendering of a held-out character."""
    method = TextualInversion(steps=asked.inversion_steps, vectors=2)
    with torch.enable_grad():
        learnt = method.words(backbone, [render(of, backbone.pixels)])
    return tuple(each[0] for each in learnt)


def _shown(
    backbone: Backbone, read: Read, number: int, contexts: Sequence[Values], settings: Settings
) -> list[Image]:
    """One character in all contexts; seeds depend on its number and the context alone."""
    rows = [read(number, values) for values in contexts]
    seeds = [SEED + number * len(CONTEXTS) + place for place in range(len(contexts))]
    pictures: list[Image] = []
    for start in range(0, len(rows), BATCH):
        batch = slice(start, start + BATCH)
        pictures += sampled(backbone, join(rows[batch]), settings, seeds[batch])
    return pictures


def _row(name: str, own: Sequence[Found], truth: Sequence[Found]) -> Row:
    mine, theirs = diversity(own), diversity(truth)
    return Row(
        name=name,
        characters=len(own),
        identity=_mean([each.identity for each in own]),
        style=_mean([each.agreed["style"] for each in own]),
        text=_mean([each.text for each in own]),
        diversity=mine,
        distinct=len({tuple(each.modes[n] for n in IDENTITY) for each in own}),
        of_truth=share([e.identity for e in own], [e.identity for e in truth]),
        diversity_of_truth=mine.mean / theirs.mean if theirs.mean else 0.0,
    )


def _mean(scores: Sequence[float]) -> Interval:
    found = interval(scores)
    assert found is not None  # there are characters
    return found


def _places(maker: Maker) -> dict[str, float]:
    """How characters lie: apart from one another, and near to training identities."""
    z = drawn_places(WATCHED, SEED, maker.about.shape.z)
    places = maker.coordinates(maker.settled(z))
    names, others = maker.names[:WATCHED], maker.names[WATCHED:]
    apart = float(torch.pdist(names).mean())
    among = torch.cdist(names, others if len(others) else names)
    return {
        "spread": float(torch.pdist(places).mean()) / apart,
        "nearest": float(torch.cdist(places, maker.names).min(1).values.mean()) / apart,
        "nearest_names": float(among.min(1).values.mean()) / apart,
    }
