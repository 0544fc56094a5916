"""The command that puts a reader's half back into text-to-image, and measures what that does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike.cli import output
from lookalike.cli.options import MODEL, Device, Guidance, Json, Model, Steps, settings
from lookalike.cli.reverse_learn import RUNS, DataSet, RecipeName, RunFolder, Seed, group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lookalike.core.intervals import Interval
    from lookalike.reverse.prompts import Asked
    from lookalike.reverse.reuse import Curve, Row, Shown

ReaderName = Annotated[
    str, typer.Option("--reader", metavar="NAME", help="A white-box reader of the recipe.")
]
Shares = Annotated[
    str | None,
    typer.Option(
        "--shares",
        metavar="LIST",
        help="Shares of the fine-tuned weights, from 0 to 1, with commas between.",
    ),
]
Many = Annotated[int, typer.Option("--count", min=1, help="How many test prompts at most.")]
Seeds = Annotated[int, typer.Option("--seeds", min=1, max=64, help="Pictures of each prompt.")]
SheetFile = Annotated[
    Path | None,
    typer.Option("--sheet", metavar="FILE", help="A new sheet: a row a share, a column a prompt."),
]

COLUMNS = 8
"""Prompts on the sheet."""


@group.command()
def reuse(
    data: DataSet,
    run: RunFolder = None,
    reader: ReaderName = "white",
    seed: Seed = 0,
    recipe: RecipeName = "mini",
    shares: Shares = None,
    count: Many = 100,
    seeds: Seeds = 2,
    steps: Steps = None,
    guidance: Guidance = None,
    json: Json = False,
    sheet: SheetFile = None,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Put a trained reader's half back into the U-Net, share by share, and measure the pictures.

    The weights lie on the line from the model's own to the fine-tuned ones; the decoder stays.
    Pictures of test prompts, with the same seeds for every share: the cosine with their prompt in
    CLIP, and the share of what it states that the probe finds. The reader is one that `reverse
    ablate` trained.
    """
    from lookalike.core.files import sha256
    from lookalike.models.store import Models
    from lookalike.reverse.manifest import read
    from lookalike.reverse.recipe import read_recipe
    from lookalike.reverse.reuse import Curve
    from lookalike.reverse.reuse import reuse as reused
    from lookalike.reverse.reused import held_out, probe_for, read_half, trained

    if sheet is not None:
        output.new_file(sheet)
    levels, chosen = _levels(shares), settings(model, steps=steps, guidance=guidance)
    file = trained(read_recipe(recipe), reader, seed, run or RUNS)
    asked = held_out(read(data), count)
    probe = probe_for(asked)
    shown: list[Shown] = []
    with Models(device).use(model) as backbone:
        half = read_half(backbone, file)
        work = _keeping(reused(backbone, half, asked, levels, seeds, chosen, probe), shown)
        last = output.watched(work, "shares", _tell)
    assert isinstance(last, Curve)  # by the contract of `reuse`
    if sheet is not None:
        _save(shown, asked, sheet)
    if json:
        about = {"reader": file.parent.name, "reader_sha256": sha256(file), "seed": seed}
        output.show_json({**about, **last.model_dump(mode="json")})
    else:
        _show(last, file.parent.name)


def _levels(listed: str | None) -> Sequence[float]:
    from lookalike.core.errors import OptionError
    from lookalike.reverse.reuse import SHARES

    if listed is None:
        return SHARES
    try:
        found = [float(each) for each in listed.split(",")]
    except ValueError:
        found = []
    if not found or not all(0 <= each <= 1 for each in found):
        raise OptionError(f"--shares {listed}: should be numbers from 0 to 1, such as 0,0.1,0.5,1")
    return found


def _keeping(work: Iterator[Any], shown: list[Shown]) -> Iterator[Any]:
    """The steps of the work; what goes on the sheet is kept."""
    from lookalike.reverse.reuse import Shown

    for step in work:
        if isinstance(step, Shown):
            shown.append(Shown(step.share, step.pictures[:COLUMNS]))
        yield step


def _tell(step: Any) -> tuple[float, float, str]:
    return getattr(step, "done", 1), getattr(step, "of", 1), getattr(step, "name", "")


def _save(shown: Sequence[Shown], asked: Sequence[Asked], path: Path) -> None:
    """A row for each share, a column for each prompt, which stands below."""
    from lookalike.core.pictures import save_picture
    from lookalike.core.sheets import sheet as drawn

    tiles = [picture for each in shown for picture in each.pictures]
    columns = len(shown[0].pictures)
    labels = [f"share {each.share:g}" for each in shown for _ in each.pictures]
    for place, one in enumerate(asked[:columns]):
        labels[place - columns] += f": {one.prompt}"
    save_picture(drawn(tiles, columns=columns, labels=labels), path)
    typer.echo(path, err=True)


NAMES = {"clip_t": "CLIP-T", "agreement": "agreement"}


def _show(found: Curve, reader: str) -> None:
    typer.echo(
        f"{found.model}, {reader}: {found.prompts} prompts, {found.seeds} pictures of each; "
        f"the weights lie {found.distance:.1%} of their length away"
    )
    names = [name for name in NAMES if name in found.rows[0].figures]
    heads = [each for name in names for each in (NAMES[name], "95 % interval", "to share 0")]
    rows = [[f"{row.share:g}", *_cells(row, names)] for row in found.rows]
    output.table(["share", *heads], rows)


def _cells(row: Row, names: Sequence[str]) -> list[str]:
    return [
        each
        for name in names
        for each in (f"{row.figures[name].mean:.3f}", _ends(row.figures[name]), _gain(row, name))
    ]


def _ends(one: Interval) -> str:
    return f"{one.low:.3f} to {one.high:.3f}"


def _gain(row: Row, name: str) -> str:
    gain = row.against.get(name)
    return "" if gain is None else f"{gain.mean:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
