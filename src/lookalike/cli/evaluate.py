"""Commands that measure: how much of a picture comes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli import output
from lookalike.cli.describers import describers
from lookalike.cli.evaluate_characters import characters
from lookalike.cli.evaluate_restyle import restyle
from lookalike.cli.options import MODEL, Device, Guidance, Json, Model, Steps, session, settings

if TYPE_CHECKING:
    from lookalike.evaluate.converters import Converters, Finished
    from lookalike.evaluate.round_trip import RoundTrip

group = typer.Typer(
    rich_markup_mode=None, help="Figures over held-out pictures.", add_completion=False
)

Judged = Annotated[
    int, typer.Option("--count", min=1, max=100_000, help="How many held-out pictures.")
]


@group.callback()
def evaluate() -> None:
    """Figures over held-out pictures."""


group.command()(describers)
group.command()(restyle)
group.command()(characters)


@group.command("round-trip")
def round_trip(
    count: Judged = 200,
    steps: Steps = None,
    json: Json = False,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Measure how much of held-out pictures comes back through prompts and embeddings.

    Rows run from the ceiling (pictures from the true caption) to the floor (from no words).
    """
    found = _measured(count, steps, model, device)
    if json:
        output.show_json(found.model_dump(mode="json") | {"halfway": found.halfway})
        return
    names = list(found.rows[0].attributes)
    rows = [
        (row.name, f"{row.mean:.3f}", *(_share(row.attributes.get(name)) for name in names))
        for row in found.rows
    ]
    output.table(("from", "mean", *names), rows)
    typer.echo(f"F1 of the best description's attributes: {found.description_f1:.3f}")


@group.command()
def penultimate(
    count: Judged = 500, json: Json = False, model: Model = MODEL, device: Device = "auto"
) -> None:
    """Compare the closed form's two ways for U-Nets that read the layer before CLIP's last.

    Figures are mean cosines between the state computed from a picture and its caption's.
    """
    from lookalike.evaluate.penultimate import compare

    with session(model, device).models.use(model) as backbone:
        found = compare(backbone, count).model_dump(mode="json")
    if json:
        output.show_json(found)
    else:
        output.table(("way", "cosine"), [(k, f"{v:.3f}") for k, v in found.items()])


@group.command()
def references(
    count: Annotated[
        int, typer.Option("--count", min=1, max=1000, help="References, each with four prompts.")
    ] = 8,
    steps: Annotated[int, typer.Option("--steps", help="Steps of the sampler.")] = 20,
    part: Annotated[
        list[str] | None,
        typer.Option(
            "--part", help="style, character, image, weights, avoid or foreign; all if unset."
        ),
    ] = None,
    json: Json = False,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Measure what style, character and image references, weights and --no do, and rivals.

    Every figure is a share of held-out pictures in which the probe finds what was wanted. The part
    foreign has six references in styles that mini has never seen; a judge that knows them reads.
    """
    chosen = settings(model, steps=steps)
    made = session(model, device)
    from lookalike.evaluate.references import References, measure
    from lookalike.models.probe import Probe
    from lookalike.models.spec import packaged

    with made.models.use(model) as backbone:
        probe = Probe.load(packaged() / "probe")
        work = measure(backbone, probe, count, chosen, parts=tuple(part or ()))
        found = output.staged(work, References)
    if json:
        output.show_json(found.model_dump(mode="json"))
        return
    for kind in dict.fromkeys(row.part for row in found.rows):
        rows = [row for row in found.rows if row.part == kind]
        names = list(rows[0].values)
        output.table(
            (kind, *names),
            [(row.name, *(_share(row.values[name]) for name in names)) for row in rows],
        )
        typer.echo()


@group.command()
def judge(count: Judged = 500, json: Json = False) -> None:
    """Measure how well the judge reads held-out drawings of the world and of foreign styles."""
    from lookalike.evaluate.judge import accuracy
    from lookalike.models.probe import Probe
    from lookalike.models.spec import packaged

    found = dict(accuracy(Probe.load(packaged() / "judge"), count))
    if json:
        output.show_json({"count": count, "accuracy": found})
        return
    names = list(dict.fromkeys(name for shares in found.values() for name in shares))
    rows = [
        (style, *("" if name not in shares else f"{shares[name]:.3f}" for name in names))
        for style, shares in found.items()
    ]
    output.table(("drawings", *names), rows)


@group.command()
def converters(
    count: Annotated[
        int, typer.Option("--count", min=1, max=10_000, help="References in each domain.")
    ] = 20,
    curve: Annotated[
        int | None,
        typer.Option(
            "--curve",
            min=1,
            max=10_000,
            help="References in the domain curve, whose rows learn longest.",
        ),
    ] = None,
    domain: Annotated[
        list[str] | None,
        typer.Option("--domain", help="own, character, …; may be repeated; all if unset."),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option("--method", help="A row or a converter; may be repeated; all if unset."),
    ] = None,
    split: Annotated[
        str, typer.Option("--split", help="test, or validation, which settings are chosen on.")
    ] = "test",
    pictures: Annotated[
        int, typer.Option("--pictures", min=1, max=64, help="Pictures like each reference.")
    ] = 2,
    edits: Annotated[
        int, typer.Option("--edits", min=0, max=64, help="Edits of each reference.")
    ] = 2,
    others: Annotated[
        int,
        typer.Option("--others", min=0, max=10_000, help="Held-out pictures to compare with."),
    ] = 200,
    steps: Annotated[int, typer.Option("--steps", help="Steps of the sampler.")] = 15,
    guidance: Guidance = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Your pictures, as DreamBench's or COCO's folders."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="A folder with DOMAIN.safetensors, as tuned for domains."),
    ] = None,
    dino: Annotated[
        Path | None, typer.Option("--dino", help="A folder with a DINO model, in safetensors.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Where finished rows are kept, so that a stopped run goes on.",
        ),
    ] = None,
    json: Json = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the figures as CSV.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="DIR", help="Write plots, and a sheet for each domain."),
    ] = None,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Measure how like a reference each converter's pictures are, and what words do to them.

    Rows run from the ceiling (the true caption) to the floor (no prompt). Every mean has the
    interval that it lies in with 95 %. Rows that are finished in --out are not made again.
    """
    chosen = settings(model, steps=steps, guidance=guidance)
    place = output.folder(Path("lookalike-out", "converters") if out is None else out)
    from lookalike.evaluate.converters import Asked, Converters, held_out_split, measure

    asked = Asked(
        count=count,
        curve=curve,
        domains=tuple(domain or ()),
        methods=tuple(method or ()),
        split=held_out_split(split),
        pictures=pictures,
        edits=edits,
        others=others,
        settings=chosen,
        folder=folder,
        weights=weights,
        dino=dino,
    )
    asked.check()
    _check_outputs(csv, plot)
    finished: list[Finished] = []
    with session(model, device).models.use(model) as backbone:
        found = output.staged(measure(backbone, asked, place, finished), Converters)
    if json:
        output.show_json(found.model_dump(mode="json"))
    else:
        _show_tables(found)
    _write(found, finished, csv, plot)


def _check_outputs(csv: Path | None, plot: Path | None) -> None:
    from lookalike.core.errors import OutputError
    from lookalike.evaluate.plots import check_plots

    if csv is not None and csv.is_dir():
        raise OutputError(f"cannot write {csv}: it is a folder")
    if plot is not None:
        output.folder(plot)
        check_plots()


def _show_tables(found: Converters) -> None:
    from lookalike.evaluate.showing import differences, main_table

    for each in found.tables:
        output.table(*main_table(each))
        heads, rows = differences(each)
        if rows:
            typer.echo()
            output.table(heads, rows)
        if each.skipped:
            typer.echo(f"{len(each.skipped)} skipped: {'; '.join(each.skipped)}")
        typer.echo()


def _write(
    found: Converters, finished: list[Finished], csv: Path | None, plot: Path | None
) -> None:
    from lookalike.core.files import write_bytes
    from lookalike.core.pictures import png_bytes
    from lookalike.evaluate.plots import curve, pareto
    from lookalike.evaluate.showing import domain_sheet, spreadsheet

    if csv is not None:
        write_bytes(csv, spreadsheet(found).encode())
    if plot is None:
        return
    for each in finished:
        name = each.domain.name
        write_bytes(plot / f"{name}-sheet.png", png_bytes(domain_sheet(each)))
        for kind, drawn in (("pareto", pareto(each.table)), ("steps", curve(each.table))):
            if drawn is not None:
                write_bytes(plot / f"{name}-{kind}.svg", drawn)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _measured(count: int, steps: int | None, model: str, device: str) -> RoundTrip:
    chosen = settings(model, steps=steps)
    from lookalike.evaluate.round_trip import RoundTrip, measure
    from lookalike.models.probe import Probe
    from lookalike.models.spec import packaged

    with session(model, device).models.use(model) as backbone:
        probe = Probe.load(packaged() / "probe")
        return output.staged(measure(backbone, probe, count, chosen), RoundTrip)
