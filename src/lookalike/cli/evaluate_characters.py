"""The command that measures characters: whether they stay the same, and differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli import output
from lookalike.cli.options import MODEL, Device, Json, Model, session, settings

if TYPE_CHECKING:
    from lookalike.core.intervals import Interval
    from lookalike.evaluate.characters import Characters

Count = Annotated[int, typer.Option("--count", min=2, max=1000, help="Characters of each kind.")]
Contexts = Annotated[
    int, typer.Option("--contexts", min=2, max=12, help="Contexts that each is shown in.")
]
Inverted = Annotated[
    int, typer.Option("--inverted", min=0, max=100, help="Characters learnt by textual inversion.")
]
InversionSteps = Annotated[
    int, typer.Option("--inversion-steps", min=1, max=10_000, help="Steps of that learning.")
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", metavar="ROW", help="A row of the table; may be repeated; all if unset."
    ),
]
Steps = Annotated[int, typer.Option("--steps", help="Steps of the sampler.")]
MakerFolder = Annotated[
    Path | None,
    typer.Option("--maker", metavar="DIR", help="A trained generator; the model's own if unset."),
]


def characters(
    count: Count = 12,
    contexts: Contexts = 12,
    inverted: Inverted = 4,
    inversion_steps: InversionSteps = 300,
    steps: Steps = 20,
    kind: Kinds = None,
    maker: MakerFolder = None,
    json: Json = False,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Measure whether characters stay the same in all contexts, and differ from each other.

    Beside characters of a generator stand held-out ones asked for by their full true captions or
    learnt by textual inversion, training identities, and random embeddings. The probe reads
    all in the same way; every mean has the interval that it lies in with 95 %.
    """
    chosen = settings(model, steps=steps)
    from lookalike.evaluate.characters import KINDS, Asked, Characters, check_kinds, measure
    from lookalike.models.maker import maker_of
    from lookalike.models.probe import Probe
    from lookalike.models.spec import packaged

    kinds = check_kinds(kind or KINDS)
    asked = Asked(count, contexts, inverted, inversion_steps, kinds, chosen)
    with session(model, device).models.use(model) as backbone:
        found_maker = maker_of(backbone, maker)
        work = measure(backbone, found_maker, Probe.load(packaged() / "probe"), asked)
        found = output.staged(work, Characters)
    if json:
        output.show_json(found.model_dump(mode="json"))
    else:
        _show(found)


def _show(found: Characters) -> None:
    columns = ("", "identity", "of truth", "style", "text", "diversity", "of truth", "distinct")
    rows = [
        (
            row.name,
            _said(row.identity),
            _said(row.of_truth),
            _said(row.style),
            _said(row.text),
            _said(row.diversity),
            f"{row.diversity_of_truth:.2f}",
            f"{row.distinct} of {row.characters}",
        )
        for row in found.rows
    ]
    output.table(columns, rows)
    typer.echo(
        f"\nspread of characters {found.spread:.2f} (of the names'; 0: all alike), distance to the "
        f"nearest training identity {found.nearest:.2f} (of one to another: "
        f"{found.nearest_names:.2f})"
    )


def _said(one: Interval) -> str:
    return f"{one.mean:.2f} ({one.low:.2f} to {one.high:.2f})"
