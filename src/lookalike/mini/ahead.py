"""Captions as token ids, and those drawn ahead of training, so that no device waits for words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Literal

import torch
from jaxtyping import Int, Int64
from safetensors.torch import load_file, save
from torch import Tensor
from transformers import CLIPTokenizer

from lookalike.core.files import sha256, write_bytes
from lookalike.mini.data import sent
from lookalike.mini.tokenizer import LENGTH
from lookalike.world.caption import caption, training_caption
from lookalike.world.contrast import Statement, attributes, long_pair, short_pair
from lookalike.world.dataset import Dataset, in_workers, version
from lookalike.world.look import Look, generator

PIECE = 256
"""Looks whose captions a worker draws at once."""

PAIRS = {"long": long_pair, "short": short_pair}
"""The kinds of captions that CLIP learns from, each a statement and its near miss."""


def tokens(
    tokenizer: CLIPTokenizer, texts: list[str], whole: bool = True
) -> Int64[Tensor, "batch tokens"]:
    """Token ids, padded with the end token and cut where too long.

    77 tokens if `whole`, else as many as the longest text has.
    """
    padding = "max_length" if whole else "longest"
    made = tokenizer(
        texts, padding=padding, truncation=True, max_length=LENGTH, return_tensors="pt"
    )
    return made["input_ids"]


ABSENT = -1
"""The code of an attribute that a picture does not show, or a caption does not state."""


def codes(stated: Sequence[Mapping[str, str]]) -> Int64[Tensor, "count attributes"]:
    """The places of values among those of each attribute, ABSENT where one has none."""
    rows = [
        [
            words.index(one[name]) if one.get(name) in words else ABSENT
            for name, words in attributes().items()
        ]
        for one in stated
    ]
    return torch.tensor(rows)


@dataclass(frozen=True)
class Said:
    """Token ids of texts, and the codes of what they state."""

    ids: Int64[Tensor, "texts tokens"]
    stated: Int64[Tensor, "texts attributes"]


@dataclass(frozen=True)
class Sayings:
    """What CLIP learns from: several long and short pairs, and the full caption, of each picture.

    The kinds are a long caption, its near miss, a short one, its near miss.
    """

    ids: Int[Tensor, "pictures several kinds tokens"]
    stated: Int[Tensor, "pictures several kinds attributes"]
    full: Int[Tensor, "pictures longest"]

    def to(self, device: torch.device) -> Sayings:
        """The same on a device."""
        return Sayings(*(getattr(self, each.name).to(device) for each in fields(self)))

    def pairs(
        self, which: Int64[Tensor, " told"], chance: torch.Generator
    ) -> Iterator[tuple[str, Said]]:
        """One of the pairs of each picture: long captions and near misses, then short ones."""
        pick = torch.randint(self.ids.shape[1], which.shape, generator=chance)
        which, pick = sent(which, self.ids.device), sent(pick, self.ids.device)
        ids, stated = self.ids[which, pick].long(), self.stated[which, pick].long()
        for place, kind in enumerate(PAIRS):
            own, miss = 2 * place, 2 * place + 1
            yield (
                kind,
                Said(
                    torch.cat([ids[:, own], ids[:, miss]]),
                    torch.cat([stated[:, own], stated[:, miss]]),
                ),
            )

    def whole(self, which: Int64[Tensor, " some"]) -> Int64[Tensor, "some tokens"]:
        """The full captions of pictures."""
        return self.full[sent(which, self.full.device)].long()


Captions = Int[Tensor, "pictures several tokens"]
"""What the U-Net reads: several captions of each picture."""

Kind = Literal["sayings", "captions"]


def sayings(data: Dataset, several: int, words: Path, folder: Path) -> Sayings:
    """CLIP's captions of a data set, drawn once by worker processes and kept in `folder`."""
    return Sayings(*_kept("sayings", data, several, words, folder))


def training_captions(data: Dataset, several: int, words: Path, folder: Path) -> Captions:
    """The U-Net's captions of a data set, drawn once by worker processes and kept in `folder`."""
    (found,) = _kept("captions", data, several, words, folder)
    return found


def _kept(kind: Kind, data: Dataset, several: int, words: Path, folder: Path) -> tuple[Tensor, ...]:
    """What was drawn, with pads cut where no text needs them; `words` is a tokenizer's folder."""
    told = f"{version()} {len(data)} {several} {sha256(words)}"
    mark = hashlib.sha256(told.encode()).hexdigest()[:12]
    path = folder / f"{kind}-{mark}.safetensors"
    if path.exists():
        kept = load_file(path)
        return tuple(kept[name] for name in sorted(kept))
    pieces = [data.looks[i : i + PIECE] for i in range(0, len(data), PIECE)]
    jobs: list[tuple[Kind, list[Look], int, str]] = [
        (kind, piece, several, str(words)) for piece in pieces
    ]
    drawn = [torch.cat(each) for each in zip(*in_workers(_drawn, jobs, chunk=1), strict=True)]
    write_bytes(path, save({f"{place}": _short(each) for place, each in enumerate(drawn)}))
    return tuple(map(_short, drawn))


def _short(each: Tensor) -> Tensor:
    """Token ids without the pads that all rows end in."""
    if each.dtype is not torch.int16:
        return each
    end = each.flatten(0, -2).amax()  # the end token has the highest number, and pads
    used = (each != end).flatten(0, -2).any(0).sum()
    return each[..., : int(used) + 1].contiguous()


def _drawn(job: tuple[Kind, list[Look], int, str]) -> tuple[Tensor, ...]:
    """What one worker draws: small integers."""
    kind, looks, several, words = job
    tokenizer = _tokenizer(words)
    if kind == "captions":
        texts = [
            training_caption(of, generator("captions", of.seed, n))
            for of in looks
            for n in range(several)
        ]
        return (tokens(tokenizer, texts).unflatten(0, (-1, several)).short(),)
    said = [
        one
        for of in looks
        for n in range(several)
        for one in _statements(of, generator("sayings", of.seed, n))
    ]
    shape = (-1, several, 2 * len(PAIRS))
    ids = tokens(tokenizer, [one.text for one in said]).unflatten(0, shape).short()
    stated = codes([one.stated for one in said]).unflatten(0, shape).to(torch.int8)
    return ids, stated, tokens(tokenizer, [caption(of) for of in looks]).short()


def _statements(of: Look, chance: Random) -> Iterator[Statement]:
    for pair in PAIRS.values():
        yield from pair(of, chance)


@lru_cache(maxsize=1)
def _tokenizer(words: str) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(words)
