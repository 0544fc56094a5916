"""Commands that read pictures: into prompts, and into prompt embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike.cli import output
from lookalike.cli.methods import ConverterCommand, method_options
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

Describer = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="METHOD",
        help="The describer; reverse where it was trained for the model, as for mini, else "
        "phrases, whose options these are.",
    ),
]
Prompts = Annotated[int, typer.Option("--count", help="How many prompts for each picture.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="Make pictures of each prompt, and rank by their likeness.")
]
VerifySeeds = Annotated[
    int | None,
    typer.Option(
        "--verify-seeds", help="How many pictures --verify makes of a prompt; 2 if unset."
    ),
]
Vectors = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="The .safetensors file to write.")
]


def describe(
    pictures: Pictures,
    count: Prompts = 4,
    by: Describer = None,
    verify: Verify = False,
    verify_seeds: VerifySeeds = None,
    json: Json = False,
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
) -> None:
    """Read pictures back into prompts.

    Each picture gets different prompts, the best first, with a score (how near the words are to
    the picture, for the model's own CLIP) and its aspect ratio. With --verify, twice as many
    prompts are made into pictures, and the likeness of these, shown behind the score, decides.
    """
    check_pictures(pictures)
    seeds = _seeds(verify, verify_seeds)
    made = session(model, device, clip)
    run = made.start_describe(pictures, by=by, count=count, options=method_options(), verify=seeds)
    found = output.finished(run, "verifying")
    if json:
        pairs = zip(pictures, found, strict=True)
        output.show_json([_row(picture, model, each) for picture, each in pairs])
        return
    for picture, each in zip(pictures, found, strict=True):
        typer.echo(f"{picture}  {each[0].aspect}" if each else picture)
        for one in each:
            likeness = "" if one.likeness is None else f"  {one.likeness:6.3f}"
            typer.echo(f"  {one.score:6.3f}{likeness}  {one.text}")


def _seeds(verify: bool, seeds: int | None) -> int:
    from lookalike.core.errors import OptionError
    from lookalike.session.verifying import SEEDS, check_verify

    if not verify:
        if seeds is not None:
            raise OptionError("--verify-seeds says how many pictures --verify makes: add --verify")
        return 0
    chosen = SEEDS if seeds is None else seeds
    if chosen < 1:
        raise OptionError(f"--verify-seeds makes at least 1 picture of a prompt, not {chosen}")
    check_verify(chosen)
    return chosen


def _row(picture: str, model: str, found: list[Description]) -> dict[str, Any]:
    rows = [_told(one) for one in found]
    aspect = found[0].aspect if found else None
    return {"picture": picture, "aspect": aspect, "model": model, "descriptions": rows}


def _told(one: Description) -> dict[str, Any]:
    verified = {} if one.likeness is None else {"likeness": one.likeness}
    parts = [{"text": text, "score": score} for text, score in one.parts]
    return {"text": one.text, "score": one.score, "by": one.by, "parts": parts, **verified}


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
