"""Commands that read pictures: into prompts, and into prompt embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike.cli import output
from lookalike.cli.methods import ConverterCommand, DescriberCommand, method_options
from lookalike.cli.options import (
    MODEL,
    By,
    Clip,
    Device,
    Json,
    Model,
    Picture,
    Pictures,
    check_pictures,
    session,
)

if TYPE_CHECKING:
    from lookalike.core.records import Description

Prompts = Annotated[int, typer.Option("--count", help="How many prompts for each picture.")]
Vectors = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="The .safetensors file to write.")
]


def describe(
    pictures: Pictures,
    count: Prompts = 4,
    by: By = DescriberCommand.default,
    json: Json = False,
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
) -> None:
    """Read pictures back into prompts.

    Each picture gets different prompts, the best first, with a score (how near the words are to
    the picture, for the model's own CLIP) and its aspect ratio.
    """
    check_pictures(pictures)
    made = session(model, device, clip)
    found = made.describe(pictures, by=by, count=count, options=method_options())
    if json:
        pairs = zip(pictures, found, strict=True)
        output.show_json([_row(picture, model, each) for picture, each in pairs])
        return
    for picture, each in zip(pictures, found, strict=True):
        typer.echo(f"{picture}  {each[0].aspect}" if each else picture)
        for one in each:
            typer.echo(f"  {one.score:6.3f}  {one.text}")


def _row(picture: str, model: str, found: list[Description]) -> dict[str, Any]:
    rows = [{"text": one.text, "score": one.score, "by": one.by} for one in found]
    aspect = found[0].aspect if found else None
    return {"picture": picture, "aspect": aspect, "model": model, "descriptions": rows}


def convert(
    picture: Picture,
    out: Vectors,
    by: By = ConverterCommand.default,
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
) -> None:
    """Read a picture into a prompt embedding.

    The file holds what the model's U-Net reads in place of a prompt's words, and the name of the
    space that it belongs to.
    """
    output.new_file(out)
    check_pictures([picture])
    made = session(model, device, clip)
    embedding = made.convert([picture], by=by, options=method_options())
    embedding.save(out, about={"by": by, "model": model, "picture": Path(picture).name})
    typer.echo(out)
