"""CLIP's own vocabulary, for single-file checkpoints, which carry no tokenizer."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

# The byte-pair merges that OpenAI published with CLIP (MIT), as open_clip packages them.
FILE = Path(__file__).parent / "configs" / "bpe_simple_vocab_16e6.txt.gz"
SIZE = 49408
START, END = "<|startoftext|>", "<|endoftext|>"


def clip_tokenizer(pad: str = END) -> Any:
    """Build the tokenizer of OpenAI's CLIP and of OpenCLIP, which pads with `pad`.

    SD 1.x and SDXL's first tower pad with the end token; SD 2.x and SDXL's second with `!`, whose
    number is 0.
    """
    from transformers import CLIPTokenizer

    merges = _merges()
    units = _byte_units()
    words = [*units, *(f"{unit}</w>" for unit in units), *("".join(pair) for pair in merges)]
    vocabulary = {word: number for number, word in enumerate([*words, START, END])}
    kind: Any = CLIPTokenizer  # merges may be pairs, which its annotation does not say
    return kind(vocab=vocabulary, merges=merges, pad_token=pad, model_max_length=77)


def _merges() -> list[tuple[str, str]]:
    lines = gzip.decompress(FILE.read_bytes()).decode().splitlines()
    # The file holds more merges than CLIP learnt with; its first line is a heading.
    wanted = lines[1 : 1 + SIZE - 2 * 256 - 2]
    return [(first, second) for first, second in (line.split() for line in wanted)]


def _byte_units() -> list[str]:
    """List a printable character for each byte, in the order that CLIP numbered them."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = len([byte for byte in range(256) if byte not in plain])
    return [chr(code) for code in plain] + [chr(256 + index) for index in range(rest)]
