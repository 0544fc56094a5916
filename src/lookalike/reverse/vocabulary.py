"""The vocabulary: the words of training prompts that say most often what a picture shows."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from lookalike.core.files import read_json, write_json
from lookalike.describe.reversing.words import marks, stop_words, words_of
from lookalike.reverse.extra import check_extra
from lookalike.reverse.manifest import DataError

MOST = 1000
"""Words of the published vocabulary."""

KINDS = ("JJ", "NN", "VB")
"""What the Penn tags of adjectives, nouns (names too) and verbs begin with."""


@dataclass(frozen=True)
class Vocabulary:
    """Words that a prompt can hold or lack, in the order of the columns that mark them."""

    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.words)

    def marks(self, prompts: Sequence[str]) -> Bool[np.ndarray, "prompts words"]:
        """Which words each prompt holds, as whole words and in any case."""
        return marks(self.words, prompts).numpy()

    def save(self, path: Path) -> None:
        """Write the words as a list in JSON."""
        write_json(path, list(self.words))

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """The vocabulary of a file that `save` wrote.

        Raises:
            DataError: it holds no list of different words.
        """
        kept = read_json(path)
        listed = isinstance(kept, list) and all(isinstance(word, str) for word in kept)
        if not listed or not kept or len(set(kept)) < len(kept):
            raise DataError(f"{path} should hold a list of different words")
        return cls(tuple(kept))


def vocabulary_of(prompts: Sequence[str], most: int = MOST) -> Vocabulary:
    """The adjectives, nouns and verbs that stand most often in prompts; ties by the alphabet.

    Give the prompts of the training rows alone, one for each row: a prompt of three pictures
    counts three times. Stop words, single letters and words that mean a number are left out.

    Raises:
        DataError: no prompt has such a word.
    """
    counts = Counter(word for prompt in prompts for word in words_of(prompt))
    stops = stop_words()
    likely = sorted(word for word in counts if word not in stops and len(word) > 1)
    told = [word for word, tag in zip(likely, tags(likely), strict=True) if tag.startswith(KINDS)]
    if not told:
        raise DataError(
            f"the vocabulary is empty: none of the {len(prompts)} training prompts has an "
            "adjective, a noun or a verb; give prompts that describe pictures, in English"
        )
    return Vocabulary(tuple(sorted(told, key=lambda word: (-counts[word], word))[:most]))


def tags(words: Sequence[str]) -> list[str]:
    """The Penn tag of each word, by the lexicon and the endings that textblob brings.

    That tagger reads a word in lower case by itself, whatever its neighbours are: so each is asked
    for once, not once for every prompt that it stands in.
    """
    if not words:
        return []
    check_extra("textblob", "the vocabulary")
    from textblob.en.taggers import PatternTagger

    with warnings.catch_warnings():
        # It leaves the file of its lexicon to be closed by the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        return [tag for _, tag in PatternTagger().tag(" ".join(words), tokenize=False)]
