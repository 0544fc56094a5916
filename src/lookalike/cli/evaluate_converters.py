"""The command that measures converters: likeness, editability and cost, domain by domain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli import output
from lookalike.cli.options import MODEL, Device, Guidance, Json, Model, session, settings

if TYPE_CHECKING:
    from lookalike.evaluate.converters import Converters, Finished


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
