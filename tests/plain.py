"""A recipe of a picture, as short as may be, for tests to which it does not matter what it says."""

from __future__ import annotations

from lookalike.core.records import Prompt, Recipe

RECIPE = Recipe(
    made_by="imagine",
    version="0.1.0",
    prompt=Prompt.of("a cat"),
    model="mini",
    model_sha256="0" * 64,
    seeds=(7,),
)
