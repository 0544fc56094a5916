"""Batches on a Ray cluster whose workers are killed: the same rows come out as on one machine."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.batch import killed_at_random
from lookalike.core.errors import OptionError
from lookalike.scale.batch import run_here, summary
from lookalike.scale.on_ray import cluster, run_on_ray
from lookalike.world.look import looks
from lookalike.world.render import render
from tests.scale.test_batch import batch, files


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    for number, look in enumerate(islice(looks("test"), 40)):
        render(look).save(folder / f"{number}.png")
    names = [f"{number % 42}.png" for number in range(240)]  # two of 42 are not there
    rows = {"key": [f"row {n}" for n in range(len(names))], "picture": names}
    pq.write_table(pa.table(rows), folder / "manifest.parquet")
    return folder / "manifest.parquet"


@pytest.mark.slow
def test_no_row_is_lost_or_doubled_when_workers_are_killed(manifest: Path, tmp_path: Path) -> None:
    here, there = (batch(manifest, tmp_path / name, shard=8) for name in ("here", "there"))
    list(run_here(here))
    with cluster(workers=2), killed_at_random(every=4.0, most=3) as killed:
        list(run_on_ray(there, (2, 2)))
    assert killed, "no worker was killed, and so nothing was tested"
    assert summary(there.there()) == summary(here.there())
    # Killed workers may leave temporary files behind, never parts.
    parts = {name: mark for name, mark in files(tmp_path / "there").items() if "/part-" in name}
    assert parts == {n: m for n, m in files(tmp_path / "here").items() if "/part-" in n}


def test_no_cluster_at_an_address_is_one_line() -> None:
    with (
        pytest.raises(OptionError, match=r"no Ray cluster answers at 127\.0\.0\.1:1"),
        cluster("127.0.0.1:1"),
    ):
        pass
