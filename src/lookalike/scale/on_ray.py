"""A batch on a Ray cluster: CPU tasks open pictures, actors with a warm model do the rest."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from lookalike.core.errors import LookalikeError, OptionError, OutputError
from lookalike.scale.batch import Batch
from lookalike.scale.extra import check_extra
from lookalike.scale.reading import Opened
from lookalike.scale.shards import Done, Worker, model_of

NEED = "--on ray"
FALSE_STARTS = 8
"""Workers that die one after the other while they load their model, until the batch gives up."""

PATIENCE = 10.0
"""Seconds that a cluster may take to answer."""

READER = 0.25
"""The share of a processor that opening a shard's pictures takes: it waits for files mostly."""


class Actor:
    """One worker of the cluster: it loads its model once, and does shard after shard."""

    def __init__(self, batch: Batch, expected: str | None) -> None:
        """Load the model, so that a worker that is there is ready."""
        self._worker: Worker = batch.worker(expected)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Do one shard; its pictures come, and what is known of it goes."""
        done = self._worker(Opened.unpacked(row))
        return {"shard": done.shard, "rows": done.rows, "faults": done.faults}


@contextmanager
def cluster(address: str | None = None, workers: int = 1) -> Iterator[None]:
    """A Ray cluster: the one at `address`, or one of this machine's own for as long as needed.

    Raises:
        OptionError: Ray is not there, or no cluster answers at that address.
    """
    check_extra("ray", NEED)
    if address:
        _check_there(address)
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    began = not ray.is_initialized()
    if began:
        try:
            if address:
                ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
            else:
                # One more than there are workers, or nothing would be left to open pictures with.
                ray.init(
                    num_cpus=workers + 1,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
        except (ConnectionError, ValueError, RuntimeError) as fault:
            raise _absent(address or "this machine", fault) from fault
    try:
        yield
    finally:
        if began:
            ray.shutdown()


def _check_there(address: str) -> None:
    """Raise `OptionError` where nobody listens at an address; Ray itself would try for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not (colon and port.isdecimal()):
        return  # one of Ray's own words, such as auto
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except (OSError, OverflowError) as fault:
        raise _absent(address, fault) from fault


def _absent(address: str, fault: Exception) -> OptionError:
    line = " ".join(str(fault).split())[:160]
    return OptionError(f"no Ray cluster answers at {address}: {line}")


def run_on_ray(batch: Batch, workers: tuple[int, int], gpus: float = 0.0) -> Iterator[Done]:
    """Do the shards that lack on the cluster that this process is connected to.

    `workers` are the fewest and the most actors, each with a model of its own and `gpus` of a GPU.
    A worker that dies is replaced and its shard begun again; a shard counts when its file is there.

    Raises:
        LookalikeError: what a shard raised; or the cluster went away.
    """
    import ray
    from ray.data import ActorPoolStrategy, DataContext
    from ray.exceptions import RayError

    batch.claim()
    lacking = batch.lacking()
    if not lacking:
        return
    _check_room(workers[0])
    # Of its children: Ray sets the level of "ray.data" itself anew when it begins.
    for name in ("ray.data._internal", "ray.data.exceptions"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    context = DataContext.get_current()
    context.enable_progress_bars = False
    # Else a worker that is killed while it loads its model would end the whole batch.
    context.max_consecutive_actor_init_deaths = FALSE_STARTS
    context.execution_options.preserve_order = False
    # Shards differ in what they hold, not in size: each is a block, and a unit of work.
    rows = ray.data.from_items(
        [{"number": number} for number in lacking], override_num_blocks=len(lacking)
    )
    bare = replace(batch, manifest=replace(batch.manifest, rows=()))
    manifest = ray.put(list(batch.manifest.rows))
    fewest, most = workers
    # Ray takes a class for a function, and makes one object of it in each actor.
    opening, actor = cast(Any, _opened), cast(Any, Actor)
    made = rows.map(opening, fn_args=(bare, manifest), num_cpus=READER).map(
        actor,
        fn_constructor_args=(bare, model_of(batch.out)),
        compute=ActorPoolStrategy(min_size=fewest, max_size=most),
        num_cpus=1,
        num_gpus=gpus or None,
    )
    try:
        for row in made.iter_rows():
            yield Done(int(row["shard"]), int(row["rows"]), int(row["faults"]))
    except RayError as fault:
        raise _told(fault, batch.out) from fault


def _opened(row: dict[str, Any], bare: Batch, rows: Any) -> dict[str, Any]:
    """One shard with its pictures, of a batch whose manifest's rows lie with the cluster."""
    import ray

    kept = ray.get(rows) if isinstance(rows, ray.ObjectRef) else rows
    whole = replace(bare, manifest=replace(bare.manifest, rows=kept))
    return whole.opened(int(row["number"])).packed()


def _check_room(workers: int) -> None:
    """Raise `OptionError` where the cluster's processors cannot hold that many workers."""
    import ray

    cpus = int(ray.cluster_resources().get("CPU", 0))
    if cpus <= workers:
        raise OptionError(
            f"{workers} workers need {workers + 1} processors, one of them to open pictures with; "
            f"the cluster has {cpus}"
        )


def _told(fault: BaseException, out: str) -> LookalikeError:
    """What stopped the cluster's work: a fault of ours within, or the cluster's own."""
    inner: BaseException | None = fault
    while inner is not None:
        if isinstance(inner, LookalikeError):
            return inner
        inner = getattr(inner, "cause", None) or inner.__cause__
    line = str(fault).strip().splitlines()[-1][:160] if str(fault).strip() else type(fault).__name__
    return OutputError(
        f"the cluster stopped: {line}; what is in {out} is whole, and the same command goes on"
    )
