"""Commands that show a saved character in many contexts, and that pass characters on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lookalike.cli import output
from lookalike.cli.characters import Character, Out, Seed, group
from lookalike.cli.library import Called, Note, Replace
from lookalike.cli.options import MODEL, Device, Model, Steps, session, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

Contexts = Annotated[
    Literal["world", "life", "presets"], typer.Option("--contexts", help="Which contexts.")
]
EmbeddingFile = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="The new .safetensors file.")
]
GivenFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A card or an embedding, in safetensors.")
]


@group.command()
def sheet(
    name: Character,
    contexts: Contexts = "world",
    seed: Seed = None,
    steps: Steps = None,
    out: Out = None,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Show one character in many contexts, side by side.

    world: twelve of mini's drawn world; life: twelve actions, expressions, views and places for
    models of photographs; presets: those of `lookalike presets`.
    """
    from lookalike.characters.contexts import contexts as listed_contexts
    from lookalike.core.files import next_free
    from lookalike.core.pictures import save_picture
    from lookalike.core.pictures import sheet as page_of

    place, asked = output.folder(out), listed_contexts(contexts)
    made = session(model, device)
    card = made.character(name)
    tiles: list[Image] = []
    work = made.show_character(name, asked, settings=settings(model, steps=steps), seed=seed)

    def shown() -> Iterator[Image]:
        for tile in work:
            tiles.append(tile)
            yield tile

    output.watched(shown(), "contexts", lambda _: (len(tiles), len(asked), ""))
    labels = ["portrait", *(each.label for each in asked)]
    path = next_free(place, f"sheet-{name.removeprefix('@')}", ".png")
    save_picture(page_of([card.portrait, *tiles], columns=5, labels=labels), path)
    typer.echo(path)


@group.command()
def export(name: Character, out: EmbeddingFile) -> None:
    """Write a character as a textual-inversion embedding, for diffusers and web interfaces."""
    from lookalike.characters.keeping import kept_card
    from lookalike.characters.passing import export_embedding
    from lookalike.core.library import Library, name_of

    path = output.new_file(out)
    export_embedding(kept_card(Library(), name), name_of(name), path)
    typer.echo(path)


@group.command("import")
def imported(
    file: GivenFile,
    name: Called,
    note: Note = "",
    replace: Replace = False,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Keep the character of a card, or of a textual-inversion embedding, under a name."""
    from lookalike.core.library import Library
    from lookalike.models.weights import read_header

    Library().check_free(name, replace=replace)
    read_header(file)
    made = session(model, device)
    card = made.import_character(file)
    kept = made.save_character(card, name, source=str(file), note=note, replace=replace)
    typer.echo(f"@{kept.name}")
