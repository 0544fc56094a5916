"""Common words of prompts by kind, and sentences made of them, to measure text towers with."""

from __future__ import annotations

import random
import tomllib
from functools import cache
from importlib.resources import files


@cache
def words() -> dict[str, list[str]]:
    """Phrases by kind: frame, subject, detail, colour, light, medium, manner."""
    return tomllib.loads(files("lookalike.models").joinpath("texts.toml").read_text("utf-8"))


def sentences(count: int, seed: int = 0) -> list[str]:
    """Prompts of a frame, a subject and some phrases of other kinds; the same for each seed."""
    chance, kinds = random.Random(seed), words()
    return [_sentence(chance, kinds) for _ in range(count)]


def _sentence(chance: random.Random, kinds: dict[str, list[str]]) -> str:
    start = f"{chance.choice(kinds['frame'])} {chance.choice(kinds['subject'])}"
    others = [k for k in kinds if k not in ("frame", "subject") and chance.random() < 0.5]
    return ", ".join([start, *(chance.choice(kinds[k]) for k in others)])
