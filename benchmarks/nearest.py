"""Times and checks the search for near vectors: `python -m benchmarks.nearest [--rows 2000000]`.

The vectors are made up, to lie as embeddings of prompts do: in families, as people vary a prompt
again and again. There is a family for every thousand rows, and by Zipf's law some are hundreds of
times larger than others. Centres of families and members around them have more room in some
directions than in others: the variance of a direction falls as the root of its rank. That leaves
two members of a family at a cosine of about 0.76, and two families at 0.2; it was chosen so, and
not fitted to any data set. Queries are further members of the families, not among the vectors.

The hard case is noise without any order: all vectors are equally far from each other but for
chance, and which ten are nearest means nothing. It is measured too, at a smaller size.

All runs in one thread; the exact search that it is compared with is not timed. Seconds are those
of the clock on the wall, and beside them the processor's own, which a busy machine does not raise.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from lookalike.core import vectors
from lookalike.core.nearest import Nearest
from lookalike.core.vectors import CONNECTIVITY, EFFORT, EXPANSION

WIDTH = 384
QUERIES, COUNT = 1000, 10
BLOCK = 20_000
NOISE = 100_000
EFFORTS = (EFFORT, 64, 128, 256, 1024)
COMMON = 0.5
"""How far all prompts lie to one side, beside the spread of families: it makes cosines of 0.2."""

SPREAD = 0.65
"""How far a family's members lie from its centre, beside the spread of families."""

Draw = Callable[[int, int], Float[np.ndarray, "rows width"]]
"""So many vectors, of such a seed."""


@dataclass(frozen=True)
class Asked:
    """What a search of some effort finds and costs, one query after the other."""

    effort: int
    recall_at_10: float
    median_ms: float
    p95_ms: float
    cpu_ms: float


@dataclass(frozen=True)
class Outcome:
    """What an index cost, and what is found in it with the usual effort first."""

    vectors: str
    rows: int
    width: int
    queries: int
    build_seconds: float
    build_cpu_seconds: float
    index_bytes: int
    rss_bytes: int
    asked: list[Asked]


class Families:
    """Vectors in families, as the module says."""

    def __init__(self, rows: int, seed: int = 0) -> None:
        chance = np.random.default_rng(seed)
        self.scales = (np.arange(1, WIDTH + 1) ** -0.25).astype(np.float32)
        count = max(10, rows // 1000)
        common = COMMON * chance.standard_normal((1, WIDTH), np.float32)
        self.centres = (chance.standard_normal((count, WIDTH), np.float32) + common) * self.scales
        weights = 1 / np.arange(1, count + 1) ** 0.8
        self.weights = weights / weights.sum()

    def draw(self, count: int, seed: int) -> Float[np.ndarray, "rows width"]:
        return self.members(self.families(count, seed), seed)

    def families(self, count: int, seed: int) -> Int[np.ndarray, " rows"]:
        return np.random.default_rng([seed, 0]).choice(len(self.weights), count, p=self.weights)

    def members(
        self, families: Int[np.ndarray, " rows"], seed: int
    ) -> Float[np.ndarray, "rows width"]:
        chance = np.random.default_rng([seed, 1])
        spread = SPREAD * chance.standard_normal((len(families), WIDTH), np.float32)
        return units(self.centres[families] + spread * self.scales)


def noise(count: int, seed: int) -> Float[np.ndarray, "rows width"]:
    return units(np.random.default_rng(seed).standard_normal((count, WIDTH), np.float32))


def units(vectors: Float[np.ndarray, "rows width"]) -> Float[np.ndarray, "rows width"]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def measure(name: str, draw: Draw, rows: int, tell: Callable[[str], None]) -> Outcome:
    """Build, ask, and compare with what every single vector says."""
    queries = draw(QUERIES, 1)
    index = Nearest.of(np.zeros((0, WIDTH), np.float32), exact_below=0)
    truth = Truth(queries)
    seconds = cpu_seconds = 0.0
    for start, block in blocks(draw, rows):
        truth.see(block, start)
        began, cpu_began = time.perf_counter(), time.process_time()
        index.add(block)
        seconds += time.perf_counter() - began
        cpu_seconds += time.process_time() - cpu_began
        tell(f"{name}: {start + len(block)} of {rows}, {seconds:.0f} s")
    return Outcome(
        vectors=name,
        rows=rows,
        width=WIDTH,
        queries=QUERIES,
        build_seconds=seconds,
        build_cpu_seconds=cpu_seconds,
        index_bytes=index.bytes,
        rss_bytes=resident(),
        asked=[ask(index, truth, effort) for effort in EFFORTS],
    )


def blocks(draw: Draw, rows: int) -> Iterator[tuple[int, Float[np.ndarray, "rows width"]]]:
    """The vectors a block at a time: all of them at once need three gigabytes."""
    for start in range(0, rows, BLOCK):
        yield start, draw(min(BLOCK, rows - start), 100 + start)


class Truth:
    """The nearest of all vectors that were seen, by looking at each."""

    def __init__(self, queries: Float[np.ndarray, "queries width"]) -> None:
        self.queries = queries
        self.cosines = np.full((len(queries), COUNT), -2, np.float32)
        self.rows = np.zeros((len(queries), COUNT), np.int64)

    def see(self, block: Float[np.ndarray, "rows width"], start: int) -> None:
        cosines = np.concatenate([self.cosines, self.queries @ block.T], axis=1)
        new = np.broadcast_to(np.arange(start, start + len(block)), (len(self.rows), len(block)))
        rows = np.concatenate([self.rows, new], axis=1)
        best = np.argpartition(cosines, -COUNT, axis=1)[:, -COUNT:]
        self.cosines = np.take_along_axis(cosines, best, axis=1)
        self.rows = np.take_along_axis(rows, best, axis=1)


def ask(index: Nearest, truth: Truth, effort: int) -> Asked:
    index.effort = effort
    index.find(truth.queries[:10], COUNT)  # warms caches
    found, spent = [], []
    cpu_began = time.process_time()
    for query in truth.queries:
        began = time.perf_counter()
        _, rows = index.find(query[None], COUNT)
        spent.append(time.perf_counter() - began)
        found.append(rows[0])
    return Asked(
        effort=effort,
        recall_at_10=recall(np.stack(found), truth.rows),
        median_ms=1000 * float(np.median(spent)),
        p95_ms=1000 * float(np.quantile(spent, 0.95)),
        cpu_ms=1000 * (time.process_time() - cpu_began) / len(found),
    )


def recall(
    found: Int[np.ndarray, "queries count"], wanted: Int[np.ndarray, "queries count"]
) -> float:
    """How many of those wanted were found."""
    both = [len(np.intersect1d(a, b)) for a, b in zip(found, wanted, strict=True)]
    return float(np.mean(both)) / wanted.shape[1]


def resident() -> int:
    """Bytes of memory in use now, or the most so far where the system does not tell."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Print what was found as one JSON object; progress goes to stderr."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nearest", description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000, help="how many vectors in families")
    parser.add_argument("--noise", type=int, default=NOISE, help="how many vectors of noise")
    parser.add_argument("--expansion", type=int, default=EXPANSION, help="of the growing graph")
    asked = parser.parse_args()
    vectors.EXPANSION = asked.expansion

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    runs = (("noise", noise, asked.noise), ("families", Families(asked.rows).draw, asked.rows))
    about = {"connectivity": CONNECTIVITY, "expansion": asked.expansion}
    rows = [asdict(measure(name, draw, count, tell)) for name, draw, count in runs]
    print(json.dumps({"graph": about, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
