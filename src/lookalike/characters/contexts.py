"""Consistency sheets: one character in many contexts, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import torch
from PIL.Image import Image

from lookalike.core.presets import presets
from lookalike.core.records import Settings
from lookalike.engine.rows import sampled
from lookalike.models.backbone import Backbone
from lookalike.models.named import Words, embed_named
from lookalike.world.contexts import CONTEXTS, in_words

Kind = Literal["world", "presets", "life"]
LIFE = (
    "reading a book",
    "riding a bicycle",
    "cooking in a kitchen",
    "running in the rain",
    "laughing out loud",
    "crying",
    "angry",
    "surprised",
    "seen from the side",
    "seen from behind",
    "close-up of the face",
    "standing on a mountain",
)
"""Actions, expressions, views and places for models that know photographs."""


class Context(NamedTuple):
    """What a picture of the sheet is called, and the words that ask for it."""

    label: str
    words: str


def contexts(kind: Kind) -> list[Context]:
    """The contexts of a kind: the drawn world's, everyday life's, or the consistency presets."""
    if kind == "presets":
        return [Context(each.name, each.words) for each in presets()]
    texts = [in_words(each) for each in CONTEXTS] if kind == "world" else list(LIFE)
    return [Context(text, text) for text in texts]


def shown(
    backbone: Backbone, words: Words, asked: Sequence[Context], settings: Settings, seed: int
) -> Iterator[Image]:
    """A character in each context; each picture from its own seed."""
    for place, context in enumerate(asked):
        with torch.no_grad():
            told = embed_named(backbone, [f"@it, {context.words}"], {"it": words})
            yield from sampled(backbone, told, settings, [seed + place])
