"""Codes of styles: a number that stands for a manner in words, the same for everyone."""

from __future__ import annotations

import random

from lookalike.core.records import Part, Prompt
from lookalike.describe.bank import bank_of
from lookalike.models.backbone import Backbone
from lookalike.models.texts import words

KINDS = ("medium", "manner", "light", "colour")
"""What of the common words makes a manner."""

WEIGHT = 0.5
"""Weight of a code's words at `--sw 100`, against 1 for the prompt's."""


def code_parts(backbone: Backbone, prompt: Prompt) -> list[Part]:
    """The words that a prompt's codes stand for, as parts weighed by `--sw`."""
    scale = WEIGHT * prompt.settings.style_weight / 100
    return [
        Part(text=manner(backbone, one.code), weight=scale * one.weight)
        for one in prompt.references
        if one.code is not None and scale
    ]


def manner(backbone: Backbone, code: str) -> str:
    """A code in words: one of the model's own styles where it names some, else common words."""
    chance = random.Random(f"style {code}")
    own = sorted(one for one in bank_of(backbone, None).phrases if one.endswith(" style"))
    if own:
        return chance.choice(own)
    known = words()
    return ", ".join(chance.choice(known[kind]) for kind in KINDS)
