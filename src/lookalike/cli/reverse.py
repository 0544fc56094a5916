"""Commands for Reverse Stable Diffusion: data sets of prompts and the pictures they made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lookalike.cli import output
from lookalike.cli.options import (
    MODEL,
    Device,
    Guidance,
    Json,
    Model,
    Steps,
    own_pixels,
    settings,
)

if TYPE_CHECKING:
    from lookalike.reverse.making import Made
    from lookalike.reverse.placing import Read

group = typer.Typer(
    rich_markup_mode=None,
    help="Reverse Stable Diffusion: the prompt that made a picture.",
    add_completion=False,
)

SplitName = Literal["train", "validation", "test", "combination"]
Split = Annotated[SplitName, typer.Option("--split", help="Which part of the world.")]
Many = Annotated[int, typer.Option("--count", min=1, max=10_000_000, help="How many of them.")]
PromptsOut = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="The new .jsonl file to write.")
]
InStyle = Annotated[
    str | None,
    typer.Option("--style", metavar="STYLE", help="One style alone, also a foreign one."),
]
Side = Annotated[
    int | None,
    typer.Option("--pixels", min=16, max=2048, help="Side of a picture; mini's own if unset."),
]
Prompts = Annotated[
    Path,
    typer.Option(
        "--prompts", metavar="FILE", help="A .txt (a prompt a line), .jsonl or .parquet file."
    ),
]
Data = Annotated[Path, typer.Option("--out", metavar="DIR", help="The data set's folder.")]
Seeds = Annotated[
    int, typer.Option("--seeds", min=1, max=64, help="How many pictures of each prompt.")
]
First = Annotated[
    int, typer.Option("--seed", min=0, max=2**32 - 1, help="The first picture's seed.")
]

DtypeName = Literal["auto", "float32", "float16", "bfloat16"]
Dtype = Annotated[
    DtypeName,
    typer.Option("--dtype", help="Precision; bfloat16 is faster on CPUs that know it."),
]


@group.callback()
def reverse() -> None:
    """Reverse Stable Diffusion: the prompt that made a picture."""


@group.command()
def prompts(count: Many, out: PromptsOut, split: Split = "train") -> None:
    """Write prompts of the world that mini is trained on, worded as people might."""
    from lookalike.reverse.prompts import world_prompts, write_prompts

    output.new_file(out)
    write_prompts(world_prompts(split, count), out)
    typer.echo(out)


@group.command()
def draw(
    count: Many, out: Data, style: InStyle = None, split: Split = "test", pixels: Side = None
) -> None:
    """Draw a data set: pictures of the world, of one style or all, with their captions.

    A model is trained on what `make` made; drawings in a style that it never saw are another
    domain.
    """
    from lookalike.reverse.drawing import draw as drawn

    work = drawn(split, count, pixels or own_pixels(), out, style)
    output.watched(work, "pictures", lambda done: (done, count, ""))
    typer.echo(out)


@group.command()
def make(
    prompts: Prompts,
    out: Data,
    seeds: Seeds = 2,
    seed: First = 0,
    steps: Steps = None,
    guidance: Guidance = None,
    model: Model = MODEL,
    device: Device = "auto",
    dtype: Dtype = "auto",
) -> None:
    """Make a data set: pictures of prompts, several seeds each; a stopped one goes on.

    The folder gets the pictures and manifest.parquet, which holds for each its prompt, seed and
    settings.
    """
    from lookalike.models.store import Models
    from lookalike.reverse.making import make as made
    from lookalike.reverse.making import recipe_of
    from lookalike.reverse.manifest import check_parquet
    from lookalike.reverse.prompts import read_prompts

    check_parquet()
    asked, dropped = read_prompts(prompts)
    if dropped:
        typer.echo(f"{dropped} rows of {prompts} hold no prompt and are left out", err=True)
    chosen = settings(model, steps=steps, guidance=guidance)
    with Models(device, dtype).use(model) as backbone:
        recipe = recipe_of(backbone, asked, seeds=seeds, seed=seed, settings=chosen)
        output.watched(made(backbone, asked, recipe, out), "pictures", _tell)
    typer.echo(out)


def _tell(made: Made) -> tuple[int, int, str]:
    return made.done, made.of, ""


Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The data set's folder.")]
Clusters = Annotated[
    int | None,
    typer.Option(
        "--clusters",
        min=2,
        help="How many clusters; one for twenty distinct prompts if unset, 1000 at most.",
    ),
]
Validation = Annotated[
    float, typer.Option("--validation", metavar="SHARE", help="The share of rows to tune on.")
]
Test = Annotated[
    float, typer.Option("--test", metavar="SHARE", help="The share of rows to judge on.")
]
SplitSeed = Annotated[int, typer.Option("--seed", min=0, help="Where chance starts.")]


@group.command("split")
def split_(
    folder: Folder,
    clusters: Clusters = None,
    validation: Validation = 0.1,
    test: Test = 0.1,
    seed: SplitSeed = 0,
    json: Json = False,
    device: Device = "auto",
) -> None:
    """Split a data set into train, validation and test, like prompts together.

    Prompts are clustered by meaning, and whole clusters are dealt. The manifest gets the columns
    split and cluster. What is printed says how near test prompts are to training prompts, here
    and after a random split.
    """
    from lookalike.models.sentences import Sentences
    from lookalike.models.store import Models
    from lookalike.reverse.clusters import split
    from lookalike.reverse.manifest import NAME, read, write

    manifest = read(folder / NAME)
    if manifest.dropped:
        typer.echo(f"{manifest.dropped} rows of {folder} hold no prompt and are left out", err=True)
    sentences = Sentences.find(device=Models(device=device).device)
    work = split(
        manifest, sentences, clusters=clusters, validation=validation, test=test, seed=seed
    )
    parted = output.drained(work, "prompts", _tell_read)
    write(parted.manifest)
    if json:
        output.show_json(parted.figures)
    else:
        output.table(("part", "rows", "prompts", "clusters"), parted.table)
        typer.echo(parted.nearness)


Below = Annotated[
    float, typer.Option("--below", metavar="COSINE", help="How near two prompts may lie.")
]
Against = Annotated[
    list[Path] | None,
    typer.Option(
        "--against", metavar="DIR", help="A data set to stay away from too; may be repeated."
    ),
]


@group.command()
def thin(
    folder: Folder,
    below: Below = 0.8,
    against: Against = None,
    device: Device = "auto",
) -> None:
    """Take prompts out of a data set that say nearly the same as one before them.

    The pictures stay where they are. The manifest as it was is kept as manifest-whole.parquet.
    """
    from lookalike.core.files import write_new
    from lookalike.models.sentences import Sentences
    from lookalike.models.store import Models
    from lookalike.reverse.manifest import NAME, read, write
    from lookalike.reverse.near_duplicates import WHOLE
    from lookalike.reverse.near_duplicates import thin as thinned

    manifest, others = read(folder / NAME), [read(other / NAME) for other in against or ()]
    sentences = Sentences.find(device=Models(device=device).device)
    work = thinned(manifest, sentences, below=below, against=others)
    kept = output.drained(work, "prompts", _tell_read)
    if not (folder / WHOLE).exists():
        write_new(folder / WHOLE, (folder / NAME).read_bytes())
    write(kept)
    prompts = (len(set(kept.prompts)), len(set(manifest.prompts)))
    typer.echo(f"kept {prompts[0]} of {prompts[1]} prompts, {len(kept)} of {len(manifest)} rows")


def _tell_read(read: Read) -> tuple[int, int, str]:
    return read.done, read.of, ""
