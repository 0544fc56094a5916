"""Commands that make pictures: from words, from a picture and words, and from a recipe."""

from __future__ import annotations

import sys
from pathlib import Path
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
    How,
    Json,
    Model,
    Out,
    OwnModel,
    Picture,
    Pixels,
    Seed,
    Signed,
    Steps,
    check_pictures,
    one_line,
    session,
    settings,
    signing,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lookalike.core.records import Prompt

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="PROMPT",
        help="Pictures, words and parameters: hero.png, a person in the rain --ar 3:2 --no hat.",
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="A wording of `lookalike presets`, added to the prompt."),
]
Lenient = Annotated[
    bool, typer.Option("--lenient", help="Warn of weights without pictures; do not refuse them.")
]
Yes = Annotated[
    bool, typer.Option("--yes", help="Do not ask before making pictures of several prompts.")
]
Frames = Annotated[
    list[str],
    typer.Argument(metavar="PROMPT…", help="A prompt for each picture, in quotes; 2 to 12."),
]
Change = Annotated[str, typer.Argument(metavar="TEXT", help="What should be different.")]
Adapter = Annotated[
    str | None,
    typer.Option(
        "--adapter",
        metavar="FILE",
        help="An IP-Adapter's .safetensors file, which then reads image and style references.",
    ),
]
AdapterEncoder = Annotated[
    str | None,
    typer.Option(
        "--adapter-encoder",
        metavar="FOLDER",
        help="The CLIP vision tower that the adapter reads, where it is not the model's own.",
    ),
]
Balance = Annotated[
    float | None,
    typer.Option(
        "--balance",
        help="Weight of the text against the picture, 0 to 2; the method's usual one if unset.",
    ),
]
Made = Annotated[
    str, typer.Argument(metavar="PICTURE", help="A PNG that lookalike made, or @name.")
]
StudioData = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="The data of the studio that made it, which has the pictures it leans on; "
        "$LOOKALIKE_STUDIO if unset.",
    ),
]
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
    preset: Preset = None,
    lenient: Lenient = False,
    yes: Yes = False,
    out: Out = None,
    sign: Signed = None,
    model: OwnModel = None,
    adapter: Adapter = None,
    adapter_encoder: AdapterEncoder = None,
    clip: Clip = None,
    device: Device = "auto",
    compute: How = None,
) -> None:
    """Make pictures from a prompt: pictures, words and parameters in one line.

    Parameters may stand inside the quotes or behind them. What is given as an option takes the
    place of the prompt's own. Choices in braces, {red, blue}, make several prompts of one.
    """
    from lookalike.core import presets
    from lookalike.core.language import expand, read

    text, strict, place = one_line(prompt), not lenient, output.folder(out)
    signer = signing(sign)
    texts = expand(text)
    asked = [read(one, strict=strict) for one in texts]  # refused before anything heavy is loaded
    check_pictures([r.source for one in asked for r in one.references if r.code is None])
    wording = presets.preset(preset) if preset is not None else None
    named = {"adapter": adapter, "adapter_encoder": adapter_encoder}
    chosen = settings(model, count, seed, steps, guidance, aspect, pixels, named)
    made = session(model or asked[0].settings.model, device, clip, compute)
    prompts = made.prompts(text, settings=chosen, strict=strict)
    _agreed(prompts, yes)
    for one in prompts:
        whole = presets.applied(one, wording) if wording else one
        output.save(output.finished(made.start_imagine(whole), "imagine"), place, sign=signer)


def story(
    prompts: Frames,
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    aspect: Aspect = None,
    pixels: Pixels = None,
    out: Out = None,
    sign: Signed = None,
    model: OwnModel = None,
    clip: Clip = None,
    device: Device = "auto",
    compute: How = None,
) -> None:
    """Make one picture for each prompt, all with the same character.

    Parameters behind the prompts, such as --cref hero.png, hold for all of them.
    """
    from lookalike.core.language import read

    texts, place, signer = _frames(prompts), output.folder(out), signing(sign)
    first, *_ = [read(text) for text in texts]
    check_pictures([r.source for r in first.references if r.code is None])
    chosen = settings(model, None, seed, steps, guidance, aspect, pixels)
    made = session(model or first.settings.model, device, clip, compute)
    run = made.start_story(texts, settings=chosen)
    output.save(output.finished(run, "story"), place, sign=signer)


def _frames(words: Sequence[str]) -> list[str]:
    """A text for each prompt, with the parameters that stand behind all of them."""
    split = next((i for i, word in enumerate(words) if word.startswith("--")), len(words))
    shared = one_line(["", *words[split:]])
    return [f"{text}{shared}" for text in words[:split]]


def _agreed(prompts: Sequence[Prompt], yes: bool) -> None:
    """Ask a person before one line becomes many pictures."""
    if len(prompts) > 1 and not yes and sys.stdin.isatty():
        pictures = sum(one.settings.count for one in prompts)
        typer.confirm(f"{len(prompts)} prompts, {pictures} pictures: go on?", abort=True, err=True)


def edit(
    picture: Picture,
    text: Change,
    balance: Balance = None,
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
    """Make pictures of a picture and a few words together."""
    from lookalike.core.records import Prompt

    chosen = settings(model, count, seed, steps, guidance, aspect, pixels)
    place, signer = output.folder(out), signing(sign)
    Prompt.of(text)  # refuses an empty one before the model is loaded
    check_pictures([picture])
    made = session(model, device, clip, compute)
    run = made.start_edit(
        picture, text, balance=balance, settings=chosen, by=by, options=method_options()
    )
    output.save(output.finished(run, "edit"), place, sign=signer)


def again(
    picture: Made,
    out: Out = None,
    sign: Signed = None,
    model: OtherModel = None,
    data: StudioData = None,
    clip: Clip = None,
    device: Device = "auto",
) -> None:
    """Make a picture again from the recipe that it carries; a grid with all that it shows.

    On the same machine, with the same versions, every pixel is the same; where one differs, a
    line says so.
    """
    from lookalike.core.library import saved_file
    from lookalike.core.pictures import read_recipe

    place, recipe = output.folder(out), read_recipe(saved_file(picture))
    signer = signing(sign)
    made = session(model or recipe.prompt.settings.model, device, clip)
    result = output.finished(made.start_again(picture, model=model, data=data), "again")
    if recipe.tiles:
        output.save(result, place, name="again", sign=signer)
    else:
        index = result.recipe.index
        typer.echo(result.save_one(place, index, name="again", sign=signer))


def recipe(picture: Made, json: Json = False) -> None:
    """Show what made a picture."""
    from lookalike.cli.recipe_lines import tell
    from lookalike.core.library import saved_file
    from lookalike.core.pictures import read_recipe
    from lookalike.session.provenance import signature

    path = saved_file(picture)
    found = read_recipe(path)
    if json:
        output.show_json(found.model_dump(mode="json"))
        return
    signed = signature(path)
    tell(found, "" if signed is None else signed.line)
