"""Commands for characters: drawn by a GAN, saved under names, blended, and passed on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli import output
from lookalike.cli.library import Called, Note, Replace
from lookalike.cli.options import MODEL, Device, Json, Model, Pixels, Steps, session, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lookalike.core.library import Kept
    from lookalike.models.card import Card
    from lookalike.models.maker import Maker
    from lookalike.train.loop import Step

group = typer.Typer(
    rich_markup_mode=None, help="Characters that stay the same.", add_completion=False
)

RecipeName = Annotated[
    str, typer.Option("--recipe", metavar="RECIPE", help="A recipe in the package, or a .toml.")
]
Weights = Annotated[Path, typer.Option("--out", metavar="DIR", help="The new folder to write.")]
RunFolder = Annotated[
    Path | None,
    typer.Option("--run", metavar="DIR", help="Where the training is kept; DIR.run if unset."),
]
NamesFile = Annotated[
    Path | None,
    typer.Option(
        "--names", metavar="FILE", help="A text of names, two words in a line, to learn from."
    ),
]
MakerFolder = Annotated[
    Path | None,
    typer.Option("--maker", metavar="DIR", help="A trained generator; the model's own if unset."),
]
Count = Annotated[int, typer.Option("--count", help="How many characters, 1 to 100.")]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, max=2**32 - 1, help="The same seed, the same characters."),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="The folder for sheets; lookalike-out if unset."),
]
SheetFolder = Annotated[
    Path | None,
    typer.Option("--sheet", metavar="DIR", help="A sheet; the last of lookalike-out if unset."),
]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Its number on the sheet.")]
Character = Annotated[str, typer.Argument(metavar="@NAME", help="A saved character.")]
Share = Annotated[
    float, typer.Argument(metavar="SHARE", help="How much of the second, from 0 to 1.")
]


@group.callback()
def characters() -> None:
    """Characters that stay the same: drawn by a GAN, saved, and called by name in prompts."""


@group.command()
def train(
    out: Weights,
    recipe: RecipeName = "mini",
    run: RunFolder = None,
    names: NamesFile = None,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Train a generator of characters; a training that was stopped goes on where it was.

    The recipe mini learns from the persons of mini's drawn world, the recipe names from a list of
    two-word names: for SD 1.x, SD 2.x and SDXL.
    """
    from lookalike.characters.recipe import read_recipe
    from lookalike.characters.training import trained
    from lookalike.core.errors import OutputError
    from lookalike.models.maker import Maker, save_maker
    from lookalike.models.store import Models

    chosen, home = read_recipe(recipe), run or out.with_name(f"{out.name}.run")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"cannot write {out}: it exists already; name another folder")
    with Models(device).use(model) as backbone:
        last = output.watched(trained(backbone, chosen, home, names), "training", _tell)
    assert isinstance(last, Maker)  # by the contract of `trained`
    save_maker(last, out)
    typer.echo(
        f"{last.about.notes['names']} names; characters lie {last.about.notes['spread']:.2f} "
        "times as far apart as they do"
    )
    typer.echo(out)


def _tell(step: tuple[str, Step] | Maker) -> tuple[float, float, str]:
    if not isinstance(step, tuple):
        return 1, 1, ""
    part, done = step
    extra = "".join(f"  {name} {value:.2f}" for name, value in done.details.items())
    return done.number, done.of, f"{part}  loss {done.loss:.4f}  {done.speed:.0f}/s{extra}"


@group.command()
def new(
    count: Count = 8,
    seed: Seed = None,
    out: Out = None,
    maker: MakerFolder = None,
    steps: Steps = None,
    pixels: Pixels = None,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Draw new characters onto a sheet, each with its number.

    `lookalike characters save NUMBER --as NAME` keeps one of them.
    """
    from lookalike.characters.drawing import STEM, save_sheet
    from lookalike.core.files import next_free

    said = steps is not None or pixels is not None
    chosen = settings(model, 1, steps=steps, pixels=pixels) if said else None
    place, made = output.folder(out), session(model, device)
    work = made.start_new_characters(count, seed=seed, maker=maker, settings=chosen)
    cards: list[Card] = []

    def numbered() -> Iterator[Card]:
        for card in work:
            cards.append(card)
            yield card

    output.watched(numbered(), "characters", lambda _: (len(cards), count, ""))
    path = next_free(place, STEM, "")
    save_sheet(cards, path)
    typer.echo(path / "sheet.png")
    typer.echo(f"seed {cards[0].about.seed}")


@group.command()
def save(
    number: Number,
    name: Called,
    sheet: SheetFolder = None,
    note: Note = "",
    replace: Replace = False,
) -> None:
    """Keep a character of a sheet under a name, which then stands for it in prompts."""
    from lookalike.characters.drawing import last_sheet, numbered_card
    from lookalike.characters.keeping import keep
    from lookalike.core.library import Library

    Library().check_free(name, replace=replace)
    folder = sheet or last_sheet(output.folder(None))
    card = numbered_card(folder, number)
    source = f"{folder}#{number}"
    kept = keep(Library(), card, name, source=source, note=note, replace=replace)
    typer.echo(f"@{kept.name}")


@group.command()
def blend(
    one: Character,
    other: Character,
    name: Called,
    share: Share = 0.5,
    note: Note = "",
    replace: Replace = False,
    maker: MakerFolder = None,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Make a character between two, and keep it under a name."""
    from lookalike.core.library import Library

    Library().check_free(name, replace=replace)
    made = session(model, device)
    card = made.blend_characters(one, other, share, maker=maker)
    typer.echo(f"@{made.save_character(card, name, note=note, replace=replace).name}")


@group.command("list")
def listed(json: Json = False) -> None:
    """List the saved characters."""
    found = _kept()
    if json:
        output.show_json([each.model_dump(mode="json") for each in found])
    elif found:
        rows = [
            (each.name, each.learnt.model if each.learnt else "", str(each.saved), each.source)
            for each in found
        ]
        output.table(("name", "model", "saved", "from"), rows, numbers=False)
    else:
        typer.echo("no character is saved; `lookalike characters new` draws some")


def _kept() -> list[Kept]:
    from lookalike.core.library import Library

    library = Library()
    return [each for each in map(library.get, library.names()) if each.kind == "character"]


@group.command()
def show(name: Character, json: Json = False) -> None:
    """Show what a saved character is made of, and where its portrait lies."""
    from lookalike.characters.keeping import kept_card
    from lookalike.core.library import Library

    card, portrait = kept_card(Library(), name), Library().path(name)
    found = {
        **card.about.model_dump(mode="json"),
        "words": [list(each.shape) for each in card.words],
        "picture": str(portrait),
    }
    if json:
        output.show_json(found)
        return
    for key, value in found.items():
        if value not in (None, "", {}):
            typer.echo(f"{key:12} {value}")
