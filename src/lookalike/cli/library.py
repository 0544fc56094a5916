"""Commands for the saved library: pictures kept under names, and called by them as @name."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lookalike.cli import output
from lookalike.cli.options import Json, Picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lookalike.core.library import Kept, Library

Called = Annotated[
    str,
    typer.Option(
        "--as", metavar="NAME", help="What to call it: small letters, digits and hyphens."
    ),
]
Roles = Literal["image", "style", "character", "region"]
MeantFor = Annotated[
    Roles | None,
    typer.Option("--role", help="What it is meant for; a note, which binds nothing."),
]
Licence = Annotated[
    str, typer.Option("--licence", metavar="TEXT", help="Under which terms it may be used.")
]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Anything else.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Take the place of what has that name already.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A name that `lookalike saved` lists.")]


def save(
    picture: Picture,
    name: Called,
    role: MeantFor = None,
    licence: Licence = "",
    note: Note = "",
    replace: Replace = False,
) -> None:
    """Keep a picture under a name.

    From then on @NAME means it wherever a picture is expected. A file that is really called @NAME
    is reached as ./@NAME.
    """
    from lookalike.core.library import Library
    from lookalike.session.source import open_source

    source = open_source(picture)
    kept = Library().save(
        name,
        source.picture,
        source=source.name,
        source_sha256=source.sha256,
        role=role,
        licence=licence,
        note=note,
        replace=replace,
    )
    typer.echo(f"@{kept.name}")


def saved(json: Json = False) -> None:
    """List the pictures that were saved."""
    from lookalike.core.library import Library

    library = Library()
    found = list(_readable(library))
    if json:
        output.show_json([each.model_dump(mode="json") for each in found])
    elif found:
        columns = ("name", "role", "saved", "source", "licence", "note")
        output.table(columns, [_row(each) for each in found])
    elif not library.names():
        typer.echo("nothing is saved; `lookalike save PICTURE --as NAME` saves a picture")


def forget(name: Name) -> None:
    """Remove a picture from those that were saved."""
    from lookalike.core.library import Library, name_of

    Library().forget(name)
    typer.echo(f"forgot @{name_of(name)}")


def _readable(library: Library) -> Iterator[Kept]:
    """All records that can be read; of each other one, a line says what is wrong with it."""
    from lookalike.core.errors import PictureError

    for name in library.names():
        try:
            yield library.get(name)
        except PictureError as fault:
            warnings.warn(str(fault), stacklevel=1)


def _row(kept: Kept) -> tuple[str, ...]:
    day = kept.saved.isoformat()
    return f"@{kept.name}", kept.role or "", day, kept.source, kept.licence, kept.note
