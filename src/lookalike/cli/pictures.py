"""Commands that work on pictures: a tile of a grid, a region, more around, several as one."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from lookalike.cli import output
from lookalike.cli.methods import ConverterCommand, method_options
from lookalike.cli.options import (
    MODEL,
    Aspect,
    By,
    Clip,
    Count,
    Device,
    Guidance,
    How,
    Model,
    Out,
    Picture,
    Pictures,
    Pixels,
    Seed,
    Signed,
    Steps,
    Strength,
    check_pictures,
    session,
    settings,
    signing,
)

Grid = Annotated[str, typer.Argument(metavar="GRID", help="A grid that lookalike made.")]
Tile = Annotated[
    int, typer.Argument(metavar="TILE", help="Which one: from 1, left to right, top to bottom.")
]
There = Annotated[
    str, typer.Argument(metavar="[TEXT]", help="What should be there; the same as before if unset.")
]
Words = Annotated[str, typer.Argument(metavar="PROMPT", help="What the picture should show now.")]
HowFar = Annotated[
    Strength | None,
    typer.Option(
        "--strength",
        help="subtle keeps the layout; strong only what it shows. subtle if unset; "
        "strong for a part.",
    ),
]
Mask = Annotated[
    str | None,
    typer.Option(
        "--mask", metavar="PICTURE", help="Change a part alone: this picture's white pixels."
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="X,Y,W,H",
        help="Change a part alone: a rectangle in pixels or percent, as in 10%,20%,50%,50%.",
    ),
]
Feather = Annotated[
    int | None,
    typer.Option(
        "--feather",
        help="Pixels over which the change rises inside its edge; 1/32 of the shorter side "
        "if unset.",
    ),
]
Factor = Annotated[
    float,
    typer.Argument(metavar="FACTOR", help="How many times smaller: above 1, at most 4."),
]
Side = Annotated[
    Literal["left", "right", "up", "down"],
    typer.Argument(metavar="left|right|up|down", help="Where the picture grows."),
]
Grown = Annotated[
    float,
    typer.Option("--by", metavar="SHARE", help="By how much of its side: above 0, at most 1."),
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--weights", metavar="W,W,…", help="How much each counts, as in 2,1; the same if unset."
    ),
]
Distance = Annotated[
    float, typer.Option("--strength", help="How far from the old picture: above 0, at most 1.")
]


def pick(grid: Grid, tile: Tile, out: Out = None) -> None:
    """Take one picture out of a grid, whole.

    It has the pixels and the recipe of the picture that was saved alone. Where a command takes a
    picture, GRID#3 is the third tile of a grid.
    """
    from lookalike.core.pictures import open_tile, save_numbered
    from lookalike.core.png import tile_recipe

    place, picture = output.folder(out), open_tile(grid, tile)
    typer.echo(save_numbered(picture, place, "pick", tile_recipe(grid, tile)))


def vary(
    picture: Picture,
    text: There = "",
    count: Count = None,
    strength: HowFar = None,
    mask: Mask = None,
    region: Region = None,
    feather: Feather = None,
    by: By = ConverterCommand.default,
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    aspect: Aspect = None,
    pixels: Pixels = None,
    out: Out = None,
    sign: Signed = None,
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
    compute: How = None,
) -> None:
    """Make pictures like a picture, or a part of it anew.

    With --mask or --region, only that part changes, to what TEXT says: every pixel outside stays
    as it is.
    """
    from lookalike.core.errors import OptionError

    if aspect is not None and (mask or region):
        raise OptionError("a picture of which a part changes keeps its shape: leave out --aspect")
    chosen = settings(model, count, seed, steps, guidance, aspect, pixels)
    place, signer = output.folder(out), signing(sign)
    check_pictures([picture] if mask is None else [picture, mask])
    run = session(model, device, clip, compute).start_vary(
        picture,
        text,
        strength=strength,
        mask=mask,
        region=region,
        feather=feather,
        settings=chosen,
        by=by,
        options=method_options(),
    )
    output.save(output.finished(run, "vary"), place, sign=signer)


def zoom(
    picture: Picture,
    factor: Factor,
    text: There = "",
    count: Count = None,
    feather: Feather = None,
    by: By = ConverterCommand.default,
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    pixels: Pixels = None,
    out: Out = None,
    sign: Signed = None,
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
    compute: How = None,
) -> None:
    """Show more around a picture, which gets smaller in its frame."""
    chosen = settings(model, count, seed, steps, guidance, pixels=pixels)
    place, signer = output.folder(out), signing(sign)
    check_pictures([picture])
    run = session(model, device, clip, compute).start_zoom(
        picture, factor, text, feather=feather, settings=chosen, by=by, options=method_options()
    )
    output.save(output.finished(run, "zoom"), place, sign=signer)


def pan(
    picture: Picture,
    direction: Side,
    text: There = "",
    by: Grown = 0.5,
    count: Count = None,
    feather: Feather = None,
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    pixels: Pixels = None,
    out: Out = None,
    sign: Signed = None,
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
    compute: How = None,
) -> None:
    """Make a picture go on in one direction; what was there stays as it is."""
    chosen = settings(model, count, seed, steps, guidance, pixels=pixels)
    place, signer = output.folder(out), signing(sign)
    check_pictures([picture])
    run = session(model, device, clip, compute).start_pan(
        picture,
        direction,
        text,
        share=by,
        feather=feather,
        settings=chosen,
    )
    output.save(output.finished(run, "pan"), place, sign=signer)


def blend(
    pictures: Pictures,
    weights: Weights = None,
    count: Count = None,
    by: By = ConverterCommand.default,
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    aspect: Aspect = None,
    pixels: Pixels = None,
    out: Out = None,
    sign: Signed = None,
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
    compute: How = None,
) -> None:
    """Make pictures of two to five pictures together, without words."""
    chosen = settings(model, count, seed, steps, guidance, aspect, pixels)
    place, counts, signer = output.folder(out), _numbers(weights), signing(sign)
    check_pictures(pictures)
    run = session(model, device, clip, compute).start_blend(
        pictures, weights=counts, settings=chosen, by=by, options=method_options()
    )
    output.save(output.finished(run, "blend"), place, sign=signer)


def remix(
    picture: Picture,
    prompt: Words,
    strength: Distance = 0.7,
    count: Count = None,
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    aspect: Aspect = None,
    pixels: Pixels = None,
    out: Out = None,
    sign: Signed = None,
    model: Model = MODEL,
    device: Device = "auto",
    compute: How = None,
) -> None:
    """Keep a picture's composition, and give it a new prompt.

    A picture that lookalike made keeps its seed, unless --seed names another.
    """
    chosen = settings(model, count, seed, steps, guidance, aspect, pixels)
    place, signer = output.folder(out), signing(sign)
    check_pictures([picture])
    made = session(model, device, compute=compute)
    run = made.start_remix(picture, prompt, strength=strength, settings=chosen)
    output.save(output.finished(run, "remix"), place, sign=signer)


def _numbers(text: str | None) -> list[float] | None:
    from lookalike.core.errors import OptionError

    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as fault:
        raise OptionError(f"weights are numbers with commas between, as in 2,1; not {text}") from (
            fault
        )
