"""The words of texts, as a vocabulary counts them."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import torch
from jaxtyping import Bool
from torch import Tensor

_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")

_CURLED = "\N{RIGHT SINGLE QUOTATION MARK}"


def words_of(text: str) -> list[str]:
    """The words of a text in lower case: "sky-blue" is one, and of "cat's" it is "cat"."""
    plain = unicodedata.normalize("NFKC", text).lower().replace(_CURLED, "'")
    return [word.removesuffix("'s") for word in _WORD.findall(plain)]


@cache
def stop_words() -> frozenset[str]:
    """Words that say nothing of a picture."""
    text = files("lookalike.describe.reversing").joinpath("stop_words.toml").read_text("utf-8")
    return frozenset(tomllib.loads(text)["words"].split())


def marks(words: Sequence[str], texts: Sequence[str]) -> Bool[Tensor, "texts words"]:
    """Which words of a vocabulary each text holds."""
    places = {word: place for place, word in enumerate(words)}
    found = torch.zeros(len(texts), len(words), dtype=torch.bool)
    for row, text in enumerate(texts):
        for word in words_of(text):
            if word in places:
                found[row, places[word]] = True
    return found
