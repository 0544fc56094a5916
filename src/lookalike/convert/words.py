"""Whole words that a CLIP's text tower knows, and those that fit a picture best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize

from lookalike.core.errors import ModelError
from lookalike.models.clip import Clip
from lookalike.models.spoken import Tokens, project_tokens, table
from lookalike.models.towers import BATCH, TextTower

COMMON = 2000
"""Words that are tried on a picture: the first of the vocabulary, whose order is by frequency."""

END_OF_WORD = "</w>"


@dataclass(frozen=True, eq=False)
class Words:
    """The whole words of one tower, and where the common ones land in CLIP's shared space."""

    ids: Int[Tensor, " words"]
    inputs: Float[Tensor, "words inner"]  # their token embeddings
    places: Float[Tensor, "common shared"]  # of the first words, at length 1

    def best(self, wanted: Float[Tensor, "batch shared"], count: int) -> Tokens:
        """The embeddings of the `count` common words nearest to each place, the nearest first."""
        found = (wanted @ self.places.T).topk(min(count, len(self.places)), dim=-1).indices
        return self.inputs[found[:, torch.arange(count) % found.shape[1]]]

    def numbers(self, tokens: Tokens) -> Int[Tensor, "batch slots"]:
        """Which of the words, counted from 0, have the highest cosines to embeddings."""
        return (normalize(tokens, dim=-1) @ self._directions.T).argmax(-1)

    def nearest(self, tokens: Tokens) -> Tokens:
        """The embeddings of those words."""
        return self.inputs[self.numbers(tokens)]

    def spell(self, tower: TextTower, tokens: Tokens) -> list[str]:
        """Those words as texts; `ModelError` where a text is not read back as its own words."""
        found = self.ids[self.numbers(tokens)].tolist()
        texts = [tower.tokenizer.decode(row) for row in found]
        again = tower.tokenizer(texts, add_special_tokens=False)["input_ids"]
        for text, row, read in zip(texts, found, again, strict=True):
            if list(read) != row:
                raise ModelError(f"the tokenizer does not read {text!r} back as it wrote it")
        return texts

    @cached_property
    def _directions(self) -> Float[Tensor, "words inner"]:
        return normalize(self.inputs, dim=-1)


def whole_words(tower: TextTower) -> list[int]:
    """The tokens that are a word of plain letters, and are read back as themselves alone.

    Such words, with spaces between them, are read back one by one whatever their order.
    """
    known = sorted((number, unit) for unit, number in tower.tokenizer.get_vocab().items())
    words = {
        number: unit.removesuffix(END_OF_WORD)
        for number, unit in known
        if unit.endswith(END_OF_WORD) and unit.removesuffix(END_OF_WORD).isalpha()
    }
    plain = {number: word for number, word in words.items() if word.isascii()}
    again = tower.tokenizer(list(plain.values()), add_special_tokens=False)["input_ids"]
    return [number for number, read in zip(plain, again, strict=True) if list(read) == [number]]


# Weak, so that a model that is freed takes its words with it.
_known: WeakKeyDictionary[Clip, Words] = WeakKeyDictionary()


def words_of(clip: Clip) -> Words:
    """The words of a CLIP, placed once while it is in memory."""
    if clip not in _known:
        _known[clip] = _placed(clip.tower)
    return _known[clip]


@torch.no_grad()
def _placed(tower: TextTower) -> Words:
    whole = table(tower)
    ids = torch.tensor(whole_words(tower), device=whole.device)
    inputs = whole[ids]
    places = [project_tokens(tower, part[:, None]) for part in inputs[:COMMON].split(BATCH)]
    return Words(ids, inputs, normalize(torch.cat(places), dim=-1))
