"""Commands for the world that mini is trained on: look at it, and write it to disk."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

import typer

from lookalike.cli import output
from lookalike.cli.options import own_pixels

group = typer.Typer(
    rich_markup_mode=None, help="The drawn world that mini is trained on.", add_completion=False
)

SplitName = Literal["train", "validation", "test", "combination"]
Split = Annotated[SplitName, typer.Option("--split", help="Which part of the world.")]
Side = Annotated[
    int | None,
    typer.Option("--pixels", min=16, max=2048, help="Side of a picture; mini's own if unset."),
]
Many = Annotated[int, typer.Option("--count", min=1, max=1_000_000, help="How many pictures.")]
Few = Annotated[int, typer.Option("--count", min=1, max=1000, help="How many pictures.")]
InStyle = Annotated[
    str | None,
    typer.Option(
        "--style",
        metavar="STYLE",
        help="One style alone, also one that mini never saw: dylan, big-ears or miniavs.",
    ),
]
Folder = Annotated[Path, typer.Option("--out", metavar="DIR", help="The new folder to write.")]
File = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="The PNG to write; a new one in lookalike-out if unset.",
    ),
]


@group.callback()
def world() -> None:
    """The drawn world that mini is trained on."""


@group.command()
def sheet(split: Split = "test", count: Few = 48, style: InStyle = None, out: File = None) -> None:
    """Draw a contact sheet of the world, with captions."""
    from lookalike.core.files import next_free
    from lookalike.core.pictures import save_picture
    from lookalike.core.pictures import sheet as drawn
    from lookalike.world.caption import caption
    from lookalike.world.look import looks_in
    from lookalike.world.render import render

    path = output.new_file(out) if out else next_free(output.folder(None), "sheet", ".png")
    chosen = list(islice(looks_in(style, split), count))
    tiles = [render(one, 128) for one in chosen]
    page = drawn(tiles, columns=min(8, count), labels=[caption(one) for one in chosen])
    save_picture(page, path)
    typer.echo(path)


@group.command()
def make(
    count: Many,
    out: Folder,
    split: Split = "train",
    pixels: Side = None,
    style: InStyle = None,
) -> None:
    """Write pictures of the world and a manifest that says what each shows."""
    from lookalike.world.dataset import make as written

    work = written(split, count, pixels or own_pixels(), out, style)
    output.watched(work, "pictures", lambda done: (done, count, ""))
    typer.echo(out)
