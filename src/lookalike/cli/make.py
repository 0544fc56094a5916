"""Commands that make pictures: from words, from a picture and words, and from a recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
    Json,
    Model,
    Out,
    Picture,
    Pixels,
    Seed,
    Steps,
    check_pictures,
    session,
    settings,
)

if TYPE_CHECKING:
    from lookalike.core.records import Recipe

Words = Annotated[str, typer.Argument(metavar="PROMPT", help="What the pictures should show.")]
Change = Annotated[str, typer.Argument(metavar="TEXT", help="What should be different.")]
Balance = Annotated[
    float, typer.Option("--balance", help="Weight of the text against the picture, 0 to 2.")
]
Made = Annotated[str, typer.Argument(metavar="PICTURE", help="A PNG that lookalike made.")]
OtherModel = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="Where the model is now, if it has moved."),
]


def imagine(
    prompt: Words,
    count: Count = None,
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    aspect: Aspect = None,
    pixels: Pixels = None,
    out: Out = None,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Make pictures from words."""
    from lookalike.core.records import Prompt

    chosen = settings(model, count, seed, steps, guidance, aspect, pixels)
    asked, place = Prompt.of(prompt, settings=chosen), output.folder(out)
    made = session(model, device)
    output.save(output.finished(made.start_imagine(asked), "imagine"), place)


def edit(
    picture: Picture,
    text: Change,
    balance: Balance = 0.6,
    count: Count = None,
    by: By = ConverterCommand.default,
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    aspect: Aspect = None,
    pixels: Pixels = None,
    out: Out = None,
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
) -> None:
    """Make pictures of a picture and a few words together."""
    from lookalike.core.records import Prompt

    chosen = settings(model, count, seed, steps, guidance, aspect, pixels)
    place = output.folder(out)
    Prompt.of(text)  # refuses an empty one before the model is loaded
    check_pictures([picture])
    made = session(model, device, clip)
    run = made.start_edit(
        picture, text, balance=balance, settings=chosen, by=by, options=method_options()
    )
    output.save(output.finished(run, "edit"), place)


def again(
    picture: Made,
    out: Out = None,
    model: OtherModel = None,
    clip: Clip = None,
    device: Device = "auto",
) -> None:
    """Make a picture again from the recipe that it carries; a grid with all that it shows.

    On the same machine, with the same versions, every pixel is the same; where one differs, a
    line says so.
    """
    from lookalike.core.pictures import read_recipe

    place, recipe = output.folder(out), read_recipe(picture)
    made = session(model or recipe.prompt.settings.model, device, clip)
    result = output.finished(made.start_again(picture, model=model), "again")
    if recipe.tiles:
        output.save(result, place, name="again")
    else:
        typer.echo(result.save_one(place, result.recipe.index, name="again"))


def recipe(picture: Made, json: Json = False) -> None:
    """Show what made a picture."""
    from lookalike.core.pictures import read_recipe

    found = read_recipe(picture)
    if json:
        output.show_json(found.model_dump(mode="json"))
    else:
        _tell(found)


def _tell(found: Recipe) -> None:
    """A recipe in lines of a name and a value; what says nothing is left out."""
    chosen = found.prompt.settings
    lines = {
        "made by": f"{found.made_by} (lookalike {found.version})",
        "prompt": found.prompt.text,
        "cut off": found.cut,
        "picture": ", ".join(found.references),
        "model": f"{found.model} (SHA-256 {found.model_sha256[:12]}…)",
        "seed": _seed(found),
        "steps": str(chosen.steps),
        "guidance": f"{chosen.guidance:g}",
        "aspect": chosen.aspect,
        "options": ", ".join(f"{k} {v}" for k, v in found.options.items() if v is not None),
        "versions": ", ".join(f"{k} {v}" for k, v in found.libraries.items()),
        "took": f"{found.seconds:.1f} s",
    }
    for name, value in lines.items():
        if value:
            typer.echo(f"{name:9} {value}")


def _seed(found: Recipe) -> str:
    if found.tiles:
        return f"{found.seeds[0]} (a grid of {found.tiles[0]} x {found.tiles[1]})"
    return f"{found.seeds[found.index]} (picture {found.index + 1} of {len(found.seeds)})"
