"""Many rows on a Ray cluster of this machine: `python -m benchmarks.batch [--rows 10000]`.

Three runs over the same manifest, in the same cluster: with one worker, with two, and with two of
which one is killed at random (SIGKILL) so many times. All must end with the same rows. Pictures
are the world's drawings, many times over; the task is `embed`, the lightest there is, so that what
the cluster itself costs weighs most.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lookalike.scale.batch import Batch, summary
from lookalike.scale.manifest import read_manifest
from lookalike.scale.on_ray import cluster, run_on_ray
from lookalike.scale.recipe import BatchRecipe
from lookalike.world.look import looks
from lookalike.world.render import render

PICTURES = 200
SHARD = 50
WORKER = "MapWorker"
"""What Ray calls the processes of a batch's actors."""


def workers() -> list[int]:
    """The process ids of the actors that are at work on this machine."""
    import psutil

    found = [
        (each.pid, " ".join(each.info["cmdline"] or ()))
        for each in psutil.process_iter(["cmdline"])
    ]
    return [pid for pid, line in found if line.startswith("ray::") and WORKER in line]


@contextmanager
def killed_at_random(every: float, most: int, seed: int = 0) -> Iterator[list[int]]:
    """While the block runs, kill an actor from time to time; gives the ids of those killed."""
    chance, over, killed = random.Random(seed), threading.Event(), list[int]()

    def kill() -> None:
        while len(killed) < most and not over.wait(chance.uniform(0.5, 1.5) * every):
            if there := workers():
                victim = chance.choice(there)
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def manifest_of(folder: Path, rows: int) -> Path:
    """A manifest of so many rows over few pictures, one in a thousand of which is none."""
    for number, look in enumerate(islice(looks("test"), PICTURES)):
        render(look).save(folder / f"{number}.png")
    (folder / "poison.png").write_bytes(b"no picture")
    names = ["poison.png" if n % 1000 == 999 else f"{n % PICTURES}.png" for n in range(rows)]
    table = pa.table({"key": [f"{n:08d}" for n in range(rows)], "picture": names})
    pq.write_table(table, folder / "manifest.parquet")
    return folder / "manifest.parquet"


def batch_of(manifest: Path, out: Path) -> Batch:
    rows = read_manifest(str(manifest), "picture")
    recipe = BatchRecipe(
        task="embed",
        manifest_sha256=rows.sha256,
        column="picture",
        rows=len(rows.rows),
        shard=SHARD,
        model="mini",
    )
    return Batch(recipe, rows, str(out), device="cpu")


def timed(batch: Batch, count: int) -> tuple[float, float]:
    """Seconds of a whole run, and of the run from its first shard on: without loading models."""
    began, first = time.perf_counter(), 0.0
    for _ in run_on_ray(batch, (count, count)):
        first = first or time.perf_counter()
    return time.perf_counter() - began, time.perf_counter() - first


def rows_of(out: Path) -> list[str]:
    return sorted(pq.read_table(out / "parts", columns=["key"]).column("key").to_pylist())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, cluster(workers=2):
        folder = Path(name)
        manifest = manifest_of(folder, asked.rows)
        told: dict[str, object] = {"rows": asked.rows, "shard": SHARD, "processors": os.cpu_count()}
        speeds: dict[int, float] = {}
        for count in (1, 2):
            whole, steady = timed(batch_of(manifest, folder / f"{count}"), count)
            speeds[count] = (asked.rows - SHARD) / steady
            told[f"{count} worker{'s' * (count > 1)}"] = {
                "seconds": round(whole, 1),
                "rows_a_second": round(speeds[count], 1),
            }
            print(f"{count}: {whole:.1f} s", file=sys.stderr)
        told["speed_up"] = round(speeds[2] / speeds[1], 3)
        spoilt = batch_of(manifest, folder / "killed")
        every = asked.rows / speeds[2] / max(asked.kills, 1)
        with killed_at_random(every, asked.kills) as killed:
            whole, _ = timed(spoilt, 2)
        good, bad = summary(spoilt.there())
        right = rows_of(folder / "killed") == rows_of(folder / "1")
        told["killed"] = {
            "kills": len(killed),
            "seconds": round(whole, 1),
            "rows": good,
            "quarantined": bad,
            "same_rows_as_unbroken": right,
        }
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
