"""The nearest vectors by cosine among many: looked at one by one, or through a graph of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from lookalike.core.errors import LookalikeError
from lookalike.core.files import reason, writing
from lookalike.core.vectors import NUMPY, Exact, Graph, Vectors

EXACT_BELOW = 50_000
"""Up to here every vector is looked at: 384 wide, that takes some 5 ms a query, and misses none."""

AT_ONCE = 1 << 24
"""Cosines held in memory at once: 64 MB of them."""


class Nearest:
    """Vectors by direction, and which of them lie nearest to others.

    While they are few, each is looked at, and what is found is exact. When they become more than
    `exact_below`, they are put in a graph (HNSW; Malkov & Yashunin 2016, by usearch) in half
    precision: some of the nearest may be missed, and a similarity is right to about 0.001.
    """

    def __init__(self, store: Vectors, exact_below: int, threads: int) -> None:
        """Stand on a store of vectors; `of` and `load` make one."""
        self._store, self._exact_below, self._threads = store, exact_below, threads

    @classmethod
    def of(
        cls,
        vectors: Float[np.ndarray, "rows width"],
        *,
        exact_below: int = EXACT_BELOW,
        threads: int = 1,
    ) -> Nearest:
        """The rows of a matrix, of any length but nothing; no rows are a start to add to.

        With one thread, the same vectors in the same order make the same graph. More threads are
        faster and make another one each time.

        Raises:
            LookalikeError: a vector is not finite or has no length.
        """
        empty = Exact(np.zeros((0, vectors.shape[1]), np.float32))
        made = cls(empty, exact_below, threads)
        made.add(vectors)
        return made

    def __len__(self) -> int:
        return len(self._store)

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return self._store.width

    @property
    def exact(self) -> bool:
        """Whether every vector is looked at."""
        return isinstance(self._store, Exact)

    @property
    def effort(self) -> int | None:
        """How many candidates a search in the graph looks at; None where all are looked at."""
        return None if isinstance(self._store, Exact) else self._store.index.expansion_search

    @effort.setter
    def effort(self, candidates: int) -> None:
        if isinstance(self._store, Graph):
            self._store.index.expansion_search = candidates

    @property
    def bytes(self) -> int:
        """The memory that the vectors and their graph take."""
        return self._store.bytes

    def add(self, vectors: Float[np.ndarray, "rows width"]) -> None:
        """Put vectors behind those that are there; their rows go on where those end.

        Raises:
            LookalikeError: a vector is not finite or has no length, or is of another width.
        """
        units = _units(vectors, self.width)
        if isinstance(self._store, Exact) and len(self) + len(units) > self._exact_below:
            known = self._store.vectors
            self._store = Graph.empty(self.width, self._threads)
            self._store.add(known)
        self._store.add(units)

    def find(
        self, queries: Float[np.ndarray, "queries width"], count: int
    ) -> tuple[Float[np.ndarray, "queries count"], Int[np.ndarray, "queries count"]]:
        """The cosines and the rows of each query's `count` nearest vectors, best first.

        Raises:
            LookalikeError: there are fewer vectors than that, or a query is not one.
        """
        if not len(self):
            raise LookalikeError("there is nothing to find: no vectors were added yet")
        if not 1 <= count <= len(self):
            raise LookalikeError(f"cannot find {count} nearest among {len(self)} vectors")
        units = _units(queries, self.width)
        similarities = np.zeros((len(units), count), np.float32)
        rows = np.zeros((len(units), count), np.int64)
        step = max(1, AT_ONCE // len(self)) if self.exact else max(1, len(units))
        for start in range(0, len(units), step):
            block = slice(start, start + step)
            similarities[block], rows[block] = self._store.find(units[block], count)
        return similarities.clip(-1, 1), rows

    def save(self, path: Path) -> None:
        """Write the vectors, and their graph if they have one, into one file, at once."""
        with writing(path) as temporary:
            self._store.save(temporary)

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        rows: int | None = None,
        width: int | None = None,
        exact_below: int = EXACT_BELOW,
        threads: int = 1,
    ) -> Nearest:
        """What `save` wrote; `rows` and `width` are what it must hold, where they are told.

        Raises:
            LookalikeError: it is not there, is damaged, or holds other vectors than expected.
        """
        try:
            with path.open("rb") as file:
                kind = Exact if file.read(len(NUMPY)) == NUMPY else Graph
        except OSError as fault:
            raise LookalikeError(f"cannot read {path}: {reason(fault)}") from fault
        store = kind.load(path, threads)
        for what, found, wanted in (("vectors", len(store), rows), ("numbers", store.width, width)):
            if wanted not in (None, found):
                each = " each" * (what == "numbers")
                raise LookalikeError(f"{path} holds {found} {what}{each}, not {wanted}")
        return cls(store, exact_below, threads)


def _units(
    vectors: Float[np.ndarray, "rows any_width"], width: int
) -> Float[np.ndarray, "rows any_width"]:
    if vectors.shape[1] != width:
        raise LookalikeError(f"a vector has {vectors.shape[1]} numbers and should have {width}")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    wrong = np.flatnonzero(~np.isfinite(lengths[:, 0]) | (lengths[:, 0] == 0))
    if len(wrong):
        row = int(wrong[0])
        what = "has no length" if lengths[row, 0] == 0 else "is not finite"
        raise LookalikeError(f"vector {row} {what}, and so no direction")
    return (vectors / lengths).astype(np.float32)
