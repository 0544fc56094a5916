"""How much a cosine counts against words when texts are ranked, tried out on validation."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

import torch

from lookalike.core.records import Settings
from lookalike.describe.nearness import looked
from lookalike.describe.reverse import Reading, Reverse
from lookalike.describe.reversing.ranking import expected_f1
from lookalike.describe.reversing.reverser import Reverser
from lookalike.describe.reversing.words import marks
from lookalike.engine.rows import sampled
from lookalike.models.backbone import Backbone
from lookalike.reverse.manifest import Manifest, firsts
from lookalike.reverse.members import Doing

COUNTS = (0.3, 1.0, 3.0, 10.0)
"""What a cosine may count, where the expected F1 of words counts 1."""

BATCH = 10
STEPS = 10
SEED = 50_000
"""Pictures are made in so many steps, from seeds that start here."""


def ranked(
    backbone: Backbone, reverser: Reverser, validation: Manifest, asked: int
) -> Generator[Doing, None, Reverser]:
    """The same model, with the weights whose first texts are best by F1 and likeness together.

    `asked` pictures, each of another prompt, are described and made again. F1 is that of a text's
    words against the true prompt's, likeness the cosine for CLIP of the picture and one that is
    made of the text: each counts the same. Ties go to the smaller cosine.
    """
    some = validation.take(firsts(validation.prompts)[:asked])
    merits = [0.0] * len(COUNTS)
    for start in range(0, len(some), BATCH):
        batch = some.take(list(range(start, min(start + BATCH, len(some)))))
        for place, merit in enumerate(_merits(backbone, reverser, batch, SEED + start)):
            merits[place] += merit
        yield Doing("ranking", start + len(batch), len(some))
    best = max(range(len(COUNTS)), key=lambda place: merits[place])
    notes = {**reverser.about.notes, "ranking": _told(merits, len(some))}
    told = {"weights": _weights(COUNTS[best]), "notes": notes}
    return replace(reverser, about=reverser.about.model_copy(update=told))


def _weights(count: float) -> dict[str, float]:
    return {"words": 1.0, "clip": count}


def _told(merits: Sequence[float], of: int) -> Mapping[str, float]:
    return {f"{count:g}": merit / of for count, merit in zip(COUNTS, merits, strict=True)}


def _merits(backbone: Backbone, reverser: Reverser, batch: Manifest, seed: int) -> list[float]:
    """What the first texts of a batch are worth, summed, for each count of a cosine."""
    pictures = [batch.picture(row) for row in range(len(batch))]
    describer = Reverse(retrieved=0)
    read = describer.read(backbone, reverser, pictures)
    truths = marks(reverser.words, batch.prompts)
    wanted, settings = looked(backbone.clip, pictures), Settings(steps=STEPS)
    merits = list[float]()
    for count in COUNTS:
        texts = [_first(describer, each, count) for each in read]
        with torch.no_grad():
            embedding = backbone.embed(texts)
        made = sampled(backbone, embedding, settings, range(seed, seed + len(texts)))
        likeness = (looked(backbone.clip, made) * wanted).sum()
        held = marks(reverser.words, texts)
        f1 = sum(
            float(expected_f1(said[None], true.float()))
            for said, true in zip(held, truths, strict=True)
        )
        merits.append(f1 + float(likeness))
    return merits


def _first(describer: Reverse, read: Reading, count: float) -> str:
    merit = replace(read.merit, weights=_weights(count))
    return describer.ranked(replace(read, merit=merit))[0][0]
