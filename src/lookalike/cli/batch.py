"""The command for many rows at once, on this machine or on a cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lookalike.cli import output
from lookalike.cli.options import MODEL, Clip, Device, Guidance, How, Json, Model, Pixels, Steps

if TYPE_CHECKING:
    from lookalike.scale.batch import Batch, Done

Manifest = Annotated[
    str,
    typer.Argument(
        metavar="MANIFEST",
        help="A parquet file: a path, or an address such as s3://bucket/a.parquet.",
    ),
]
Do = Annotated[
    Literal["describe", "convert", "imagine", "embed", "reverse"],
    typer.Option("--do", help="What is done to each row."),
]
Out = Annotated[
    str, typer.Option("--out", metavar="PLACE", help="The folder or address that results go to.")
]
On = Annotated[Literal["local", "ray"], typer.Option("--on", help="Where it runs.")]
Workers = Annotated[
    str,
    typer.Option(
        "--workers", metavar="N[-M]", help="How many processes with a model each: 2, or 1-8."
    ),
]
Address = Annotated[
    str | None,
    typer.Option("--address", help="A Ray cluster's address; one of this machine's own if unset."),
]
Gpus = Annotated[
    float, typer.Option("--gpus", min=0, max=8, help="GPUs, or a share of one, of each worker.")
]
Size = Annotated[
    int, typer.Option("--shard", min=1, max=100_000, help="Rows of one file of results.")
]
Column = Annotated[
    str | None,
    typer.Option("--column", help="The column that is worked on; picture, or prompt for imagine."),
]
Key = Annotated[str, typer.Option("--key", help="The column that names each row.")]
By = Annotated[
    str | None, typer.Option("--by", metavar="METHOD", help="The describer or converter.")
]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=VALUE", help="An option of that method."),
]
Count = Annotated[
    int | None,
    typer.Option("--count", min=1, max=64, help="Prompts (4) or pictures (1) of each row."),
]
Precision = Annotated[
    Literal["auto", "float32", "float16", "bfloat16"], typer.Option("--dtype", help="Precision.")
]


def batch(
    manifest: Manifest,
    do: Do,
    out: Out,
    on: On = "local",
    workers: Workers = "1",
    address: Address = None,
    gpus: Gpus = 0.0,
    shard: Size = 64,
    column: Column = None,
    key: Key = "key",
    by: By = None,
    option: Options = None,
    count: Count = None,
    steps: Steps = None,
    guidance: Guidance = None,
    pixels: Pixels = None,
    json: Json = False,
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
    dtype: Precision = "auto",
    compute: How = None,
) -> None:
    """Do one thing to every row of a manifest.

    Results come in shards, one parquet file each, under parts; rows that cannot be done stand in
    quarantine, each with its fault. Stopped, killed or cut off, the same command goes on, and no
    row is lost or done twice. Another command is refused a folder that is taken.
    """
    from lookalike.cli.options import settings
    from lookalike.core.compute import Compute
    from lookalike.core.memory import free_here
    from lookalike.models.catalogue import resolve
    from lookalike.models.store import Models
    from lookalike.scale.batch import Batch, check_memory
    from lookalike.scale.manifest import read_manifest
    from lookalike.scale.recipe import BatchRecipe
    from lookalike.scale.tasks import check, column_of

    span = _workers(workers, on)
    spec = resolve(model)
    rows = read_manifest(manifest, column or column_of(do), key)
    pictured = count if do == "imagine" else None
    recipe = BatchRecipe(
        task=do,
        manifest_sha256=rows.sha256,
        column=column or column_of(do),
        rows=len(rows.rows),
        shard=shard,
        by=by,
        options=_options(option),
        count=4 if count is None else count,
        settings=settings(None, pictured, steps=steps, guidance=guidance, pixels=pixels),
        model=model,
        compute=Compute.read(compute) if compute else None,
    )
    check(recipe)
    half = Models(device, dtype, clip, recipe.compute).dtype(spec).itemsize == 2
    here = span[1] if on == "ray" and address is None else 1
    check_memory(spec.bytes, here, free_here(), half=half)
    whole = Batch(recipe, rows, out, device, dtype, clip)
    done = _done(whole, on, span, address, gpus)
    _tell(whole, done, json)


def _done(
    batch: Batch, on: str, workers: tuple[int, int], address: str | None, gpus: float
) -> float:
    """Do what lacks; gives the seconds that it took."""
    from lookalike.scale.batch import run_here

    began = time.perf_counter()
    if on == "local":
        _watched(batch, run_here(batch))
    else:
        from lookalike.scale.on_ray import cluster, run_on_ray

        with cluster(address, workers[1]):
            _watched(batch, run_on_ray(batch, workers, gpus))
    return time.perf_counter() - began


def _watched(batch: Batch, work: Iterator[Done]) -> None:
    batch.claim()
    rows, size = batch.recipe.rows, batch.recipe.shard
    already = rows - sum(min(size, rows - n * size) for n in batch.lacking())
    began, here = time.perf_counter(), [0, 0]

    def tell(done: Done) -> tuple[float, float, str]:
        here[0] += done.rows + done.faults
        here[1] += done.faults
        speed = here[0] / max(time.perf_counter() - began, 1e-9)
        return already + here[0], rows, f"{speed:.1f} rows a second, {here[1]} in quarantine"

    output.watched(work, batch.recipe.task, tell)


def _tell(batch: Batch, seconds: float, json: bool) -> None:
    from lookalike.scale.batch import summary

    good, spoilt = summary(batch.there())
    if json:
        output.show_json(
            {"out": batch.out, "rows": good, "quarantined": spoilt, "seconds": round(seconds, 3)}
        )
        return
    typer.echo(f"{batch.out}  {good} rows, {spoilt} in quarantine, {seconds:.1f} s")


def _workers(said: str, on: str) -> tuple[int, int]:
    import re

    from lookalike.core.errors import OptionError

    found = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", said.strip())
    fewest = int(found[1]) if found else 0
    most = int(found[2] or fewest) if found else 0
    if not 1 <= fewest <= most:
        raise OptionError(
            f"--workers {said!r}: it is a number, or from the fewest to the most: 1-8"
        )
    if on == "local" and most > 1:
        raise OptionError("--workers is for --on ray; on its own, a machine runs one worker")
    return fewest, most


def _options(said: list[str] | None) -> dict[str, Any]:
    """NAME=VALUE pairs; a value that is JSON is read as such, any other is text."""
    from json import loads

    from lookalike.core.errors import OptionError

    found: dict[str, Any] = {}
    for each in said or ():
        name, equals, value = each.partition("=")
        if not equals or not name.strip():
            raise OptionError(f"--option {each!r}: it reads NAME=VALUE, as in phrases=8")
        try:
            found[name.strip().replace("-", "_")] = loads(value)
        except ValueError:
            found[name.strip().replace("-", "_")] = value
    return found
