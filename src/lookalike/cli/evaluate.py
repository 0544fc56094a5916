"""Commands that measure: how much of a picture comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli import output
from lookalike.cli.describers import describers
from lookalike.cli.evaluate_characters import characters
from lookalike.cli.evaluate_converters import converters
from lookalike.cli.evaluate_restyle import restyle
from lookalike.cli.options import MODEL, Device, Json, Model, Steps, session, settings

if TYPE_CHECKING:
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


group.command()(converters)
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
