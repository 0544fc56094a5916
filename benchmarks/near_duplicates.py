"""Times the thinning of prompts on made-up vectors: `python -m benchmarks.near_duplicates`.

The vectors lie in families as those of `benchmarks.nearest`, so that many lie near others. What
is timed begins with the vectors; the sentence encoder that makes them of texts comes on top. One
thread. `missed` says how many of a sample of those kept lie too near to one kept before: what the
graph did not find, counted by looking at each.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np
from jaxtyping import Float

from benchmarks.nearest import BLOCK, Families, resident
from lookalike.reverse.near_duplicates import BELOW, Thinner
from lookalike.reverse.placing import BLOCK as READ

SAMPLE = 2000


def measure(rows: int) -> dict[str, float]:
    families, thinner = Families(rows), Thinner()
    seconds = cpu_seconds = 0.0
    kept = []
    for start in range(0, rows, BLOCK):
        drawn = families.draw(min(BLOCK, rows - start), 100 + start)
        for at in range(0, len(drawn), READ):
            block = drawn[at : at + READ]
            began, cpu_began = time.perf_counter(), time.process_time()
            chosen = thinner.keep(block)
            seconds += time.perf_counter() - began
            cpu_seconds += time.process_time() - cpu_began
            kept.append(block[chosen].astype(np.float16))
        print(f"{start + len(drawn)} of {rows}, {seconds:.0f} s", file=sys.stderr, flush=True)
    return {
        "rows": rows,
        "kept": len(thinner),
        "below": BELOW,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "bytes": thinner.bytes,
        "rss_bytes": resident(),
        "missed": missed(np.concatenate(kept)),
    }


def missed(kept: Float[np.ndarray, "rows width"]) -> float:
    """The share of a sample of kept vectors that one kept before lies too near to."""
    places = np.random.default_rng(0).choice(len(kept), min(SAMPLE, len(kept)), replace=False)
    sample, nearest = kept[places].astype(np.float32), np.full(len(places), -1.0)
    for start in range(0, len(kept), BLOCK):
        block = kept[start : start + BLOCK].astype(np.float32)
        before = places[:, None] > np.arange(start, start + len(block))
        nearest = np.maximum(nearest, np.where(before, sample @ block.T, -1).max(axis=1))
    # The vectors lie here in half precision, which is right to less than a thousandth.
    return float((nearest >= BELOW + 0.001).mean())


def main() -> None:
    """Print what was found as one JSON object; progress goes to stderr."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.near_duplicates")
    parser.add_argument("--rows", type=int, default=200_000, help="how many vectors")
    print(json.dumps(measure(parser.parse_args().rows), indent=2))


if __name__ == "__main__":
    main()
