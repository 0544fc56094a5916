"""The command that shows the whole round trip on one picture, in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike.cli import output
from lookalike.cli.options import (
    MODEL,
    Clip,
    Device,
    Model,
    Seed,
    Steps,
    check_pictures,
    session,
    settings,
)

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.session import Demo

Shown = Annotated[
    str | None,
    typer.Argument(
        metavar="[PICTURE]", help="Your own picture; by default a character that mini never saw."
    ),
]
Folder = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="The folder to write, or to write anew.")
]
Change = Annotated[str, typer.Option("--text", metavar="TEXT", help="What the edit changes.")]

MARK = "demo.json"
"""The file that tells a folder of ours, which may be replaced, from one of the user's."""


def demo(
    picture: Shown = None,
    out: Folder = Path("demo"),
    text: Change = "a person with hot pink hair",
    seed: Seed = 1,
    steps: Steps = None,
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
) -> None:
    """Show the whole round trip on one picture.

    Prompts, an embedding, variations, an edit, and how close each came: everything goes into one
    folder, with a contact sheet. An earlier demo there is replaced.
    """
    from lookalike.core.records import Prompt

    Prompt.of(text)
    chosen = settings(model, seed=seed, steps=steps)
    replace = _may_replace(out)
    check_pictures([] if picture is None else [picture])
    run = session(model, device, clip).start_demo(picture, text=text, settings=chosen)
    made = output.finished(run, "demo")
    _write(made, out, replace)
    _tell(made, out)


def _may_replace(out: Path) -> bool:
    """Whether there is an earlier demo; `OutputError` where there is something else."""
    from lookalike.core.errors import OutputError

    output.folder(out)
    if not out.exists() or not any(out.iterdir()):
        return False
    if (out / MARK).is_file():
        return True
    raise OutputError(f"{out} holds other files; name another folder with --out")


def _write(made: Demo, out: Path, replace: bool) -> None:
    from lookalike.core.files import building, write_json
    from lookalike.core.pictures import save_picture

    with building(out, replace=replace) as folder:
        # Under this name, with these bytes, `again` finds the reference beside a picture.
        save_picture(made.reference, folder / "reference.png")
        made.embedding.save(folder / "embedding.safetensors", about={"by": "closed-form"})
        for result in made.made.values():
            if result.recipe.prompt.parts or result.recipe.prompt.references:
                result.save(folder)  # the yardstick, from no prompt at all, is on the sheet alone
        save_picture(_sheet(made), folder / "sheet.png")
        write_json(folder / MARK, _about(made))


def _about(made: Demo) -> dict[str, Any]:
    return {
        "descriptions": [one.model_dump(mode="json") for one in made.descriptions],
        "closeness": {
            name: {"likeness": one.likeness, "attributes": one.attributes}
            for name, one in made.closeness.items()
        },
    }


def _sheet(made: Demo) -> Image:
    """The reference, then a row for each way back, each under what it was made from."""
    from PIL import Image

    from lookalike.core.pictures import sheet

    blank = Image.new("RGB", (8, 8), "#ffffff")
    tiles, labels = [], []
    for number, (name, result) in enumerate(made.made.items()):
        tiles.append(made.reference if number == 0 else blank)
        head = "reference; beside it: " if number == 0 else ""
        labels.append(f"{head}{name} {_said(result.recipe.prompt.text)}")
        tiles += result.pictures
        labels += [f"{name} {place + 1}" for place in range(len(result.pictures))]
    return sheet(
        tiles, columns=1 + max(len(each.pictures) for each in made.made.values()), labels=labels
    )


def _said(text: str) -> str:
    return f"“{text}”" if text else ""


def _tell(made: Demo, out: Path) -> None:
    """The prompts, the table, what took how long, and the place of the sheet."""
    typer.echo("prompts read from the picture:")
    for one in made.descriptions:
        typer.echo(f"  {one.score:6.3f}  {one.text}")
    typer.echo("")
    rows = [
        (name, f"{one.likeness:.3f}", "–" if one.attributes is None else f"{one.attributes:.0%}")
        for name, one in made.closeness.items()
    ]
    output.table(("made from", "likeness", "attributes kept"), rows)
    typer.echo("")
    typer.echo("seconds: " + ", ".join(f"{what} {each:.1f}" for what, each in made.seconds.items()))
    typer.echo(f"all pictures on one sheet: {out / 'sheet.png'}")
