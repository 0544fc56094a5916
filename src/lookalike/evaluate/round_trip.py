"""The round trip's benchmark: what of a picture comes back through words and through embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from PIL.Image import Image
from pydantic import Field

from lookalike.convert import converters
from lookalike.core.embedding import Embedding
from lookalike.core.record import Record
from lookalike.core.records import Settings
from lookalike.describe import describers
from lookalike.evaluate.metrics import agreement, f1, mean_judged
from lookalike.evaluate.samples import HeldOut, held_out, in_batches, made, plain
from lookalike.models.backbone import Backbone
from lookalike.models.probe import Probe
from lookalike.world.caption import caption, read

SEED = 20_000
"""Seeds of the benchmark's pictures start here."""


class Row(Record):
    """One way back to a picture, and how much of the picture it kept."""

    name: str = Field(description="What was made, and from what.")
    mean: float = Field(description="Mean agreement over the judged attributes.")
    attributes: dict[str, float] = Field(description="Agreement by attribute.")


class RoundTrip(Record):
    """The benchmark's outcome over held-out pictures."""

    model: str = Field(description="The model.")
    model_sha256: str = Field(description="Its hash.")
    pictures: int = Field(description="How many held-out pictures.")
    settings: Settings = Field(description="How pictures were made.")
    description_f1: float = Field(description="F1 of the best description's attributes.")
    rows: tuple[Row, ...] = Field(description="Ways back, from the ceiling to the floor.")

    def row(self, name: str) -> Row:
        """The row called `name`."""
        return next(row for row in self.rows if row.name == name)

    @property
    def halfway(self) -> float:
        """Half-way between floor and ceiling."""
        return (self.row("floor").mean + self.row("ceiling").mean) / 2


@dataclass(frozen=True)
class Stage:
    """What the benchmark is doing, for a progress bar."""

    name: str
    done: int
    of: int


def measure(
    backbone: Backbone,
    probe: Probe,
    count: int = 200,
    settings: Settings | None = None,
    converter: str = "closed-form",
) -> Iterator[Stage | RoundTrip]:
    """Run the benchmark over the first `count` pictures of the test split.

    Yields stages on the way and the outcome last. Rows: `ceiling`, pictures from the true
    caption; `end-state`, from its EOS state alone, the most that one vector can carry;
    `closed-form`, from the converted picture; `description`, from the best description; `floor`,
    from no text.
    """
    chosen = (settings or Settings()).settled(backbone.guidance)
    shown = held_out("test", count, backbone.pixels)
    texts: list[str] = []
    for batch in in_batches(shown.pictures):
        texts += _described(backbone, list(batch))
        yield Stage("describing", len(texts), count)
    rows: list[Row] = []
    for name, embedding in _ways(backbone, shown, texts, converter).items():
        pictures: list[Image] = []
        for picture in made(backbone, embedding, chosen, SEED):
            pictures.append(picture)
            yield Stage(name, len(pictures), count)
        rows.append(_row(name, probe, shown, pictures))
    yield RoundTrip(
        model=backbone.name,
        model_sha256=backbone.sha256,
        pictures=count,
        settings=chosen,
        description_f1=f1([one.values for one in shown.looks], [read(text) for text in texts]),
        rows=tuple(rows),
    )


def _described(backbone: Backbone, pictures: list[Image]) -> list[str]:
    describer = describers.make("phrases", {})
    return [found[0].text for found in describer.describe(backbone, pictures, 1)]


@torch.no_grad()
def _ways(
    backbone: Backbone, shown: HeldOut, texts: list[str], converter: str
) -> dict[str, Embedding]:
    said = [caption(one) for one in shown.looks]
    return {
        "ceiling": backbone.embed(said),
        "end-state": end_states(backbone, said),
        converter: converters.make(converter, {}).convert(backbone, shown.pictures),
        "description": backbone.embed(texts),
        "floor": plain(backbone, len(said)),
    }


@torch.no_grad()
def end_states(backbone: Backbone, texts: list[str]) -> Embedding:
    """Captions reduced to their EOS state in all places but the first."""
    whole = backbone.embed(texts)
    ends = backbone.ends(texts).to(whole.tokens.device)
    last = whole.tokens[torch.arange(len(texts)), ends]
    filled = last[:, None].expand(-1, backbone.length - 1, -1)
    return Embedding(torch.cat([whole.tokens[:, :1], filled], 1), whole.pooled, whole.space)


def _row(name: str, probe: Probe, shown: HeldOut, pictures: list[Image]) -> Row:
    by_attribute = agreement([one.values for one in shown.looks], probe.read(pictures))
    return Row(name=name, mean=mean_judged(by_attribute), attributes=by_attribute)
