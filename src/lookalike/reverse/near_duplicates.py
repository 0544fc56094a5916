"""Thins prompts out, so that none says nearly the same as one before it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Float

from lookalike.core.errors import OptionError
from lookalike.core.nearest import EXACT_BELOW, Nearest
from lookalike.reverse.manifest import DataError, Manifest
from lookalike.reverse.placing import BLOCK, Read, Reader

BELOW = 0.8
"""Cosine of all-MiniLM-L6-v2 from which on two prompts say nearly the same."""

WHOLE = "manifest-whole.parquet"
"""The manifest as it was before it was thinned."""


class Thinner:
    """Keeps vectors, in order, whose cosine to every vector kept before is below a bound.

    Up to `exact_below` of them every one is looked at. Beyond, a graph of them is asked, which
    may miss a near one and rounds cosines to about 0.001: now and then a vector is kept that is
    too near to one before. The memory is that of the vectors kept, at 384 numbers some 920 bytes
    each, which are 1.8 GB for two millions, and a few megabytes for the block at hand.
    """

    def __init__(self, below: float = BELOW, *, exact_below: int = EXACT_BELOW) -> None:
        """Know no vectors yet."""
        if not -1 < below <= 1:
            raise OptionError(f"a cosine of {below:g} is no bound; it lies above -1 and up to 1")
        self.below, self._exact_below = below, exact_below
        self._known: Nearest | None = None

    def __len__(self) -> int:
        return 0 if self._known is None else len(self._known)

    @property
    def bytes(self) -> int:
        """The memory that the vectors kept so far take."""
        return 0 if self._known is None else self._known.bytes

    def know(self, vectors: Float[np.ndarray, "rows width"]) -> None:
        """Keep vectors whatever they are near to."""
        if self._known is None:
            self._known = Nearest.of(vectors, exact_below=self._exact_below)
        else:
            self._known.add(vectors)

    def keep(self, vectors: Float[np.ndarray, "rows width"]) -> Bool[np.ndarray, " rows"]:
        """Which of these are kept; the next call compares with them too."""
        kept = np.ones(len(vectors), bool)
        if self._known is not None and len(self) and len(vectors):
            kept = self._known.find(vectors, 1)[0][:, 0] < self.below
        kept[kept] = _greedy(vectors[kept], self.below)
        self.know(vectors[kept])
        return kept


def _greedy(vectors: Float[np.ndarray, "rows width"], below: float) -> Bool[np.ndarray, " rows"]:
    """Which of some vectors are kept when they are looked at in order, with nothing before them."""
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    near = units @ units.T >= below
    kept = np.ones(len(units), bool)
    for row in range(1, len(units)):
        kept[row] = not (near[row, :row] & kept[:row]).any()
    return kept


def thinned(
    reader: Reader,
    texts: Sequence[str],
    *,
    below: float = BELOW,
    against: Sequence[str] = (),
    exact_below: int = EXACT_BELOW,
) -> Generator[Read, None, list[int]]:
    """The places of the texts that are kept; those of `against` count as kept before all.

    Texts are read a block at a time and only the vectors of those kept stay in memory.
    """
    thinner = Thinner(below, exact_below=exact_below)
    total = len(against) + len(texts)
    kept: list[int] = []
    for start, vectors in _blocks(reader, against):
        thinner.know(vectors)
        yield Read(start + len(vectors), total)
    for start, vectors in _blocks(reader, texts):
        kept += (start + np.flatnonzero(thinner.keep(vectors))).tolist()
        yield Read(len(against) + start + len(vectors), total)
    return kept


def _blocks(
    reader: Reader, texts: Sequence[str]
) -> Iterator[tuple[int, Float[np.ndarray, "rows width"]]]:
    for start in range(0, len(texts), BLOCK):
        yield start, reader.read(texts[start : start + BLOCK]).numpy()


def thin(
    manifest: Manifest, reader: Reader, *, below: float = BELOW, against: Sequence[Manifest] = ()
) -> Generator[Read, None, Manifest]:
    """The rows whose prompts are kept; nothing is written.

    A prompt keeps all of its rows: they are the same words from other seeds. `against` are data
    sets that it must differ from too, such as one to be judged on.
    """
    texts = list(dict.fromkeys(manifest.prompts))
    known = list(dict.fromkeys(text for each in against for text in each.prompts))
    places = yield from thinned(reader, texts, below=below, against=known)
    kept = {texts[place] for place in places}
    if not kept:
        raise DataError(f"every prompt of {manifest.folder} is too near to one of the others")
    return manifest.take([i for i, text in enumerate(manifest.prompts) if text in kept])
