"""Mini's tokenizer: byte-complete pair encoding in CLIP's format, learnt from captions."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from transformers import CLIPTokenizer

from lookalike.core.files import write_bytes, write_json
from lookalike.world.caption import caption, free_caption
from lookalike.world.look import looks

LENGTH = 77
START, END = "<|startoftext|>", "<|endoftext|>"


def _english() -> list[str]:
    """Common English to learn word pieces from: the documentation that Python carries."""
    from pydoc_data import topics

    return list(topics.topics.values())


def corpus(captions: int = 20000) -> Iterator[str]:
    """Training captions, full and free, then English."""
    for one in islice(looks("train"), captions):
        yield caption(one)
        yield free_caption(one, random.Random(one.seed))
    yield from _english()


def train_tokenizer(vocabulary: int, folder: Path) -> CLIPTokenizer:
    """Learn `vocabulary` tokens (the two special ones among them) and write them to `folder`.

    Bytes are complete, so no text is unknown. The end token has the highest id, as CLIP's has,
    and pads, as in SD 1.x.
    """
    from tokenizers import Tokenizer, models, trainers

    # CLIP's own normaliser and word splitter, so that training sees text as use will.
    like = CLIPTokenizer(vocab=_byte_vocabulary(), merges=[])
    backend: Any = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>"))
    backend.normalizer = like.backend_tokenizer.normalizer
    backend.pre_tokenizer = like.backend_tokenizer.pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - 2,
        min_frequency=2,
        show_progress=False,
        end_of_word_suffix="</w>",
        initial_alphabet=_alphabet(),
    )
    backend.train_from_iterator(corpus(), trainer)
    made = CLIPTokenizer(**_parts(backend), model_max_length=LENGTH)
    write_tokenizer(made, folder)
    return made


def write_tokenizer(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Write a tokenizer as today's libraries read it, and as the two files that older ones want."""
    tokenizer.save_pretrained(folder)
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    write_json(folder / "vocab.json", model["vocab"])
    lines = ["#version: 0.2", *(" ".join(_pair(merge)) for merge in model["merges"])]
    write_bytes(folder / "merges.txt", ("\n".join(lines) + "\n").encode())


def _pair(merge: Any) -> tuple[str, str]:
    first, second = merge if isinstance(merge, list) else merge.split(" ")
    return first, second


def _alphabet() -> list[str]:
    from tokenizers import pre_tokenizers

    return sorted(pre_tokenizers.ByteLevel.alphabet())


def _byte_vocabulary() -> dict[str, int]:
    pieces = [*_alphabet(), *(f"{c}</w>" for c in _alphabet()), START, END]
    return {piece: index for index, piece in enumerate(pieces)}


def _parts(backend: Any) -> dict[str, Any]:
    """The learnt pieces and merges, with every byte in both forms and the special tokens last."""
    model = json.loads(backend.to_str())["model"]
    merges = [_pair(merge) for merge in model["merges"]]
    single = [*_alphabet(), *(f"{c}</w>" for c in _alphabet())]
    pieces = dict.fromkeys([*single, *("".join(m) for m in merges), START, END])
    return {"vocab": {p: i for i, p in enumerate(pieces)}, "merges": merges}
