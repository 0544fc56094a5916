"""Commands that train mini, put it together, and say how good it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lookalike.cli import output
from lookalike.cli.options import MODEL, Device, Json, Model, session

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.evaluate.mini_report import Outcome
    from lookalike.train.loop import Step

group = typer.Typer(
    rich_markup_mode=None, help="Mini, the small model inside.", add_completion=False
)

PartName = Literal["clip", "vae", "unet", "probe", "judge"]
Part = Annotated[
    PartName,
    typer.Argument(help="Which part; the U-Net stands on CLIP and VAE, the judge is no part."),
]
RecipeName = Annotated[
    str, typer.Option("--recipe", metavar="RECIPE", help="A recipe in the package, or a .toml.")
]
RunFolder = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where the run is kept; runs/RECIPE if unset."),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Where drawn pictures are kept; runs/data if unset."
    ),
]
Start = Annotated[
    Path | None,
    typer.Option(
        "--start",
        metavar="RUN",
        help="A new training begins with the weights of this run, or of a mini.",
    ),
]
Compiled = Annotated[
    bool, typer.Option("--compile", help="Have torch compile the part, where it can.")
]
Minutes = Annotated[
    float | None,
    typer.Option("--minutes", min=0, help="Do fewer steps if all would take longer than this."),
]
Log = Annotated[
    float | None,
    typer.Option("--log", min=0, help="Print a line every so many seconds, in place of a bar."),
]
ProbeFolder = Annotated[
    Path | None, typer.Option("--probe", metavar="DIR", help="The judge; the package's if unset.")
]
Trained = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")]
Weights = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where mini/ and probe/ go.")]
JudgeWeights = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where judge/ goes.")]
Judged = Annotated[
    int, typer.Option("--count", min=1, max=100_000, help="Pictures to make for a figure.")
]
SheetFolder = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Also write a sheet of prompts and pictures here."),
]

RUNS = Path("runs")
"""Where trainings are kept when nothing else is said."""


@group.callback()
def mini() -> None:
    """Mini, the small model inside: its training and its figures."""


@group.command()
def train(
    part: Part,
    recipe: RecipeName = "draft",
    out: RunFolder = None,
    data: Data = None,
    start: Start = None,
    device: Device = "cpu",
    compiled: Compiled = False,
    minutes: Minutes = None,
    log: Log = None,
) -> None:
    """Train a part of mini; a run that was stopped goes on where it was.

    Several processes of `accelerate launch` train it together.
    """
    from lookalike.mini.recipe import read_recipe
    from lookalike.mini.sheets import train_with_sheets
    from lookalike.models.store import Models
    from lookalike.train.together import place

    chosen, run = read_recipe(recipe), out or RUNS / Path(recipe).stem
    first = place().first  # asked first of all: it also gives each process its own GPU
    kept, on = data or RUNS / "data", Models(device).device
    steps = train_with_sheets(
        part,
        chosen,
        run,
        kept,
        start=start,
        device=on,
        compiled=compiled,
        seconds=None if minutes is None else minutes * 60,
    )
    last = output.watched(steps, part, _tell, log if first else None)
    if not first:
        return
    done = f"step {last.number}, loss {last.loss:.4f}" if last else "it was trained already"
    page = run / part / "sample.png"
    typer.echo(f"{part}: {done}; {page if page.exists() else run / part}")


def _tell(step: Step) -> tuple[int, int, str]:
    extra = "".join(f"  {name} {value:.3g}" for name, value in step.details.items())
    return step.number, step.of, f"loss {step.loss:.4f}  {step.speed:.0f}/s{extra}"


@group.command()
def export(
    run: Trained,
    out: Weights,
    recipe: RecipeName = "draft",
    data: Data = None,
    device: Device = "cpu",
) -> None:
    """Put the trained parts together as a folder that diffusers and transformers load."""
    from lookalike.mini.export import export as exported
    from lookalike.mini.recipe import read_recipe

    chosen, kept = read_recipe(recipe), data or RUNS / "data"
    for line in exported(chosen, run, kept, out, device):
        typer.echo(line)


@group.command()
def grow(
    recipe: RecipeName = "full",
    minutes: Annotated[float, typer.Option("--minutes", help="How long it may take in all.")] = 27,
    out: RunFolder = None,
    data: Data = None,
    device: Device = "auto",
    compiled: Compiled = False,
    log: Annotated[float, typer.Option("--log", help="Seconds from line to line.")] = 20,
) -> None:
    """Grow a whole mini unattended: pictures, all parts, export and report, in a given time.

    Parts that would take longer than their share of it do fewer steps. A run that was stopped goes
    on, and what there is of it is exported on the way, into `out` of the run's folder.
    """
    from lookalike.mini.growing import Growing
    from lookalike.mini.growing import grow as grown
    from lookalike.mini.recipe import read_recipe
    from lookalike.models.store import Models

    chosen, run = read_recipe(recipe), out or RUNS / Path(recipe).stem
    on = str(Models(device).device)
    growing = Growing(recipe, run, data or RUNS / "data", on, compiled, log)
    for line in grown(growing, chosen, minutes):
        typer.echo(line)


@group.command("export-judge")
def export_judge(run: Trained, out: JudgeWeights, recipe: RecipeName = "draft") -> None:
    """Write the trained judge, which reads foreign styles too, into a folder `judge`."""
    from lookalike.mini.export import export_judge as exported
    from lookalike.mini.recipe import read_recipe

    typer.echo(exported(read_recipe(recipe), run, out))


@group.command()
def report(
    model: Model = MODEL,
    count: Judged = 200,
    json: Json = False,
    out: SheetFolder = None,
    device: Device = "auto",
    probe: ProbeFolder = None,
) -> None:
    """Measure mini on held-out pictures and print every figure."""
    from lookalike.core.files import next_free
    from lookalike.core.pictures import save_picture

    place = None if out is None else output.folder(out)
    outcome = _measured(model, count, device, probe)
    if place is not None:
        page = next_free(place, "report", ".png")
        save_picture(_sheet(outcome), page)
        typer.echo(page, err=json)
    found = outcome.report
    if json:
        about = {"model": found.model, "model_sha256": found.model_sha256, "pixels": found.pixels}
        output.show_json(about | found.figures)
    else:
        output.table(("figure", "value"), [(k, f"{v:.4g}") for k, v in found.figures.items()])


def _measured(model: str, count: int, device: str, judge: Path | None) -> Outcome:
    from lookalike.evaluate.mini_report import Outcome, report
    from lookalike.models.probe import Probe
    from lookalike.models.spec import packaged

    with session(model, device).models.use(model) as backbone:
        probe = Probe.load(judge or packaged() / "probe")
        return output.staged(report(backbone, probe, count), Outcome)


def _sheet(outcome: Outcome) -> Image:
    from lookalike.core.pictures import sheet

    return sheet(outcome.pictures, columns=6, labels=outcome.captions[: len(outcome.pictures)])
