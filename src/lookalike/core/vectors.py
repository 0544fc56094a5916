"""Vectors of length 1 in memory, and two ways to find those that lie near: all, or a graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from lookalike.core.errors import LookalikeError, OptionError

CONNECTIVITY, EXPANSION = 16, 128
"""Of a graph while it grows: near vectors that each is joined to, and candidates looked at."""

EFFORT = 512
"""Candidates looked at in a search; `python -m benchmarks.nearest` says what more or fewer do."""

NUMPY = b"\x93NUMPY"
"""How a file of numpy begins."""


class Exact:
    """Looks at every vector."""

    def __init__(self, vectors: Float[np.ndarray, "rows width"]) -> None:
        self.vectors = vectors

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return self.vectors.shape[1]

    @property
    def bytes(self) -> int:
        """What the vectors, and their graph, take."""
        return self.vectors.nbytes

    def __len__(self) -> int:
        return len(self.vectors)

    def add(self, units: Float[np.ndarray, "rows width"]) -> None:
        """Put unit vectors behind those that are there."""
        self.vectors = np.concatenate([self.vectors, units])

    def find(
        self, units: Float[np.ndarray, "queries width"], count: int
    ) -> tuple[Float[np.ndarray, "queries count"], Int[np.ndarray, "queries count"]]:
        """The cosines and rows of the nearest of each, best first; `count` of them are there."""
        all_of_them = units @ self.vectors.T
        some = np.argpartition(all_of_them, -count, axis=1)[:, -count:]
        found = np.take_along_axis(all_of_them, some, axis=1)
        # Of equals, the one that came first.
        order = np.lexsort((some, -found))
        return np.take_along_axis(found, order, axis=1), np.take_along_axis(some, order, axis=1)

    def save(self, path: Path) -> None:
        """Write all into one file."""
        with path.open("wb") as file:
            np.save(file, self.vectors, allow_pickle=False)

    @classmethod
    def load(cls, path: Path, threads: int) -> Exact:
        """What `save` wrote; `LookalikeError` where it is damaged."""
        del threads  # numpy has its own
        try:
            vectors = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as fault:
            raise LookalikeError(f"{path} is damaged: {fault}") from fault
        if vectors.ndim != 2 or vectors.dtype != np.float32:
            raise LookalikeError(f"{path} holds no vectors that were saved here")
        return cls(vectors)


class Graph:
    """Walks a graph of near vectors."""

    def __init__(self, index: Any, threads: int) -> None:  # whose annotations have gaps
        self.index, self.threads = index, threads
        self.index.expansion_add, self.index.expansion_search = EXPANSION, EFFORT

    @classmethod
    def empty(cls, width: int, threads: int) -> Graph:
        """A graph of no vectors yet."""
        # Inner products: of unit vectors they are the cosines, and cost less.
        made = _index()(ndim=width, metric="ip", dtype="f16", connectivity=CONNECTIVITY)
        return cls(made, threads)

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return self.index.ndim

    @property
    def bytes(self) -> int:
        """What the vectors, and their graph, take."""
        return self.index.serialized_length

    def __len__(self) -> int:
        return len(self.index)

    def add(self, units: Float[np.ndarray, "rows width"]) -> None:
        """Put unit vectors behind those that are there."""
        keys = np.arange(len(self), len(self) + len(units), dtype=np.uint64)
        if len(keys):
            self.index.add(keys, units, threads=self.threads)

    def find(
        self, units: Float[np.ndarray, "queries width"], count: int
    ) -> tuple[Float[np.ndarray, "queries count"], Int[np.ndarray, "queries count"]]:
        """The cosines and rows of the nearest of each, best first; `count` of them are there."""
        similarities = np.zeros((len(units), count), np.float32)
        rows = np.zeros((len(units), count), np.int64)
        if len(units):
            found = self.index.search(units, count, threads=self.threads)
            # A walk may end in a corner of the graph with fewer than it should bring.
            if int(np.min(getattr(found, "counts", len(found.keys)))) < count:
                found = self.index.search(units, count, threads=self.threads, exact=True)
            similarities[:], rows[:] = 1 - found.distances, found.keys.astype(np.int64)
        return similarities, rows

    def save(self, path: Path) -> None:
        """Write all into one file."""
        self.index.save(path)

    @classmethod
    def load(cls, path: Path, threads: int) -> Graph:
        """What `save` wrote; `LookalikeError` where it is damaged."""
        try:
            index = _index().restore(path)
        except (RuntimeError, ValueError) as fault:
            raise LookalikeError(f"{path} is damaged: {fault}") from fault
        if index is None:
            raise LookalikeError(f"{path} is damaged: it is no index")
        return cls(index, threads)


Vectors = Exact | Graph
"""Either of them."""


def _index() -> Any:
    try:
        from usearch.index import Index
    except ImportError as fault:
        raise OptionError(
            'so many vectors need usearch, which is not there: pip install "lookalike[reverse]"'
        ) from fault
    return Index
