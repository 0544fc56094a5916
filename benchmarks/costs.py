"""What one row of each job costs on mini: `python -m benchmarks.costs [--turns 5]`.

One process, one thread. Jobs take turns, a shard each, so that what else the machine does hits all
alike; figures are medians over the turns, of the clock and of the processor's own time. The first
turn warms models and caches, and is not counted. What a row leaves on the disk is read off the
files. The result goes to `benchmarks/figures/costs.json`, which the page on scale is made from.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.work import work
from lookalike.core.pictures import open_picture
from lookalike.scale.batch import Batch
from lookalike.scale.manifest import read_manifest
from lookalike.scale.recipe import BatchRecipe, Task
from lookalike.world.caption import caption
from lookalike.world.look import looks
from lookalike.world.render import render

OUT = Path(__file__).parent / "figures" / "costs.json"
SHARDS: dict[Task, int] = {"describe": 8, "convert": 32, "embed": 32, "reverse": 16, "imagine": 2}
"""Rows of a shard: so many that a turn takes a second or two."""

STEPS = 25
LARGE = 512
"""Pixels of a side of a picture as people have them, which is opened to see what that costs."""


def batches(folder: Path, turns: int) -> dict[Task, Batch]:
    """A batch for each job, with a shard for each turn and one to warm up."""
    found = list(islice(looks("test"), max(SHARDS.values())))
    for number, look in enumerate(found):
        render(look, LARGE).convert("RGB").save(folder / f"{number}.jpg", quality=90)
    made: dict[Task, Batch] = {}
    for task, size in SHARDS.items():
        rows = size * (turns + 1)
        values = [
            caption(found[n % len(found)]) if task == "imagine" else f"{n % len(found)}.jpg"
            for n in range(rows)
        ]
        column = "prompt" if task == "imagine" else "picture"
        place = folder / f"{task}.parquet"
        pq.write_table(pa.table({"key": [f"{n:06d}" for n in range(rows)], column: values}), place)
        made[task] = _batch(task, column, place, size, folder)
    return made


def _batch(task: Task, column: str, place: Path, shard: int, folder: Path) -> Batch:
    manifest = read_manifest(str(place), column)
    recipe = BatchRecipe(
        task=task,
        manifest_sha256=manifest.sha256,
        column=column,
        rows=len(manifest.rows),
        shard=shard,
        model="mini",
    )
    return Batch(recipe, manifest, str(folder / task), device="cpu")


def spent(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(turns: int) -> list[dict[str, Any]]:
    """A row of figures for each job."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = batches(folder, turns)
        workers = {task: batch.worker(None) for task, batch in made.items()}
        taken: dict[str, list[tuple[float, float]]] = {task: [] for task in made}
        taken["open"] = []
        for turn in range(turns + 1):
            for task, batch in made.items():
                opened = batch.opened(turn)
                one = spent(lambda do=workers[task], what=opened: do(what))
                taken[task].append(_each(one, SHARDS[task]))
            one = spent(lambda: [open_picture(folder / f"{n}.jpg") for n in range(32)])
            taken["open"].append(_each(one, 32))
        size = (folder / "0.jpg").stat().st_size
        kept = {task: _bytes(folder / task) / (SHARDS[task] * (turns + 1)) for task in made}
        return [_row(job, seconds[1:], kept.get(job, size)) for job, seconds in taken.items()]


def _each(spent: tuple[float, float], rows: int) -> tuple[float, float]:
    return spent[0] / rows, spent[1] / rows


def _row(job: str, seconds: list[tuple[float, float]], kept: float) -> dict[str, Any]:
    wall, cpu = (statistics.median(each) for each in zip(*seconds, strict=True))
    return {
        "job": job,
        "seconds": round(wall, 5),
        "processor_seconds": round(cpu, 5),
        "bytes": round(kept),
    }


def _bytes(folder: Path) -> int:
    """What a batch left on the disk, its own recipe aside."""
    files = [path for path in folder.rglob("*") if path.suffix in (".parquet", ".png")]
    return sum(path.stat().st_size for path in files)


def loaded() -> float:
    """Seconds until mini is loaded in this process, libraries and all."""
    from lookalike.session import Session

    session = Session("mini", device="cpu")

    def load() -> None:
        with session.models.use("mini"):
            pass

    return spent(load)[0]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.costs", description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import torch

    torch.set_num_threads(1)
    found = {
        "load_seconds": round(loaded(), 2),
        "rows": measure(asked.turns),
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "steps": STEPS,
        "gigaflops": {
            model: {part: float(f"{value:.4g}") for part, value in parts.items()}
            for model, parts in work().items()
        },
    }
    OUT.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
