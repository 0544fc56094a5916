"""Commands that work on pictures: a tile of a grid, a region, more around, several as one."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli import output
from lookalike.cli.options import Out

Grid = Annotated[str, typer.Argument(metavar="GRID", help="A grid that lookalike made.")]
Tile = Annotated[
    int, typer.Argument(metavar="TILE", help="Which one: from 1, left to right, top to bottom.")
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
