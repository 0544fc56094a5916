"""The command that measures restyle against other ways to paint a picture like another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli import output
from lookalike.cli.options import MODEL, Device, Json, Model, session
from lookalike.cli.restyle import Features

if TYPE_CHECKING:
    from lookalike.evaluate.restyling import Restylings

Contents = Annotated[
    int, typer.Option("--count", min=1, max=1000, help="Contents, each painted like every style.")
]
Size = Annotated[int, typer.Option("--size", min=32, max=2048, help="The result's longer side.")]
Steps = Annotated[
    int, typer.Option("--steps", min=1, max=100_000, help="Steps at the first or only size.")
]
OwnStyles = Annotated[
    list[Path] | None,
    typer.Option("--style", metavar="PICTURE", help="A style beside the drawn ones; may repeat."),
]
Methods = Annotated[
    list[str] | None,
    typer.Option("--method", help="A row of the table; may be repeated; all if unset."),
]
Sheet = Annotated[
    Path | None, typer.Option("--sheet", metavar="FILE", help="Write all pictures as one PNG.")
]


def restyle(
    count: Contents = 2,
    size: Size = 128,
    steps: Steps = 100,
    style: OwnStyles = None,
    method: Methods = None,
    features: Features = None,
    sheet: Sheet = None,
    json: Json = False,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Measure ways to paint held-out characters like drawings, and like pictures of your own.

    Distances are shares of what the target has, at layers that no way optimises: 0 is best. Edges
    are their structural similarity to the content's: 1 is best. The row content does nothing.
    """
    from lookalike.evaluate.restyling import Asked, Painted, Restylings, measure, page
    from lookalike.models.vgg import Vgg

    asked = Asked(count, size, steps, tuple(style or ()), tuple(method or ()))
    asked.check()
    target = None if sheet is None else output.new_file(sheet)
    vgg, shown = Vgg.load(features), list[Painted]()
    made = session(model, device)
    with made.models.use(model) as backbone:
        vgg = vgg.to(made.models.device, "float32")
        found = output.staged(measure(backbone, vgg, asked, shown), Restylings)
    if target is not None:
        from lookalike.core.pictures import save_picture

        save_picture(page(shown), target)
    if json:
        output.show_json(found.model_dump(mode="json"))
    else:
        _show(found)


def _show(found: Restylings) -> None:
    from lookalike.evaluate.showing import cell

    names = list(found.rows[0].figures)
    rows = [(row.method, *(cell(row.figures[name]) for name in names)) for row in found.rows]
    output.table(("way", *(name.replace("_", " ") for name in names)), rows)
    typer.echo(f"\n{found.pairs} pairs, {found.size} pixels, {found.steps} steps")
