"""Commands that learn: a subject from a few pictures, a domain from a folder of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lookalike.cli import output
from lookalike.cli.library import Called, Licence, MeantFor, Note, Replace
from lookalike.cli.methods import LearnerCommand, method_options
from lookalike.cli.options import (
    MODEL,
    By,
    Clip,
    Device,
    Model,
    Pictures,
    check_pictures,
    session,
)

if TYPE_CHECKING:
    from lookalike.convert.learning.tuning import Tuning

FolderOf = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of about 100 pictures.")]
Into = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="The .safetensors file to write.")
]
Frame = Annotated[
    str,
    typer.Option(
        "--text-frame",
        metavar="TEXT",
        help="Words before the picture in half of the steps, so that words keep their meaning.",
    ),
]
Scope = Annotated[
    Literal["cross", "self", "attention"],
    typer.Option("--scope", help="The cross-attention's keys and values, self-attention, or all."),
]
SECONDS = 60.0
"""How often a tuning is kept on disk, in seconds."""


def learn(
    pictures: Pictures,
    name: Called,
    by: By = LearnerCommand.default,
    role: MeantFor = None,
    licence: Licence = "",
    note: Note = "",
    replace: Replace = False,
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
) -> None:
    """Learn a subject from one to five pictures, and keep it under a name.

    From then on @NAME means the first picture wherever a picture is expected, and prompts of this
    model that lean on it read what was learnt.
    """
    check_pictures(pictures)
    made = session(model, device, clip)
    kept = made.learn(
        pictures,
        name,
        by=by,
        options=method_options(),
        role=role,
        licence=licence,
        note=note,
        replace=replace,
    )
    typer.echo(f"@{kept.name}")


def tune(
    folder: FolderOf,
    out: Into,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Steps of learning.")] = 500,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Pictures in one step.")] = 8,
    rate: Annotated[
        float, typer.Option("--rate", help="Highest learning rate of the U-Net's weights.")
    ] = 3e-3,
    prompt_rate: Annotated[
        float, typer.Option("--prompt-rate", help="Highest learning rate of the vision side.")
    ] = 0.01,
    prompts: Annotated[
        int, typer.Option("--prompts", min=0, max=256, help="Visual prompt vectors a layer.")
    ] = 8,
    scope: Scope = "self",
    text_frame: Frame = "a person",
    resolution: Annotated[
        int | None,
        typer.Option(
            "--resolution", help="Side that pictures are learnt at; the model's if unset."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Where chance starts.")] = 0,
    licence: Licence = "",
    model: Model = MODEL,
    clip: Clip = None,
    device: Device = "auto",
) -> None:
    """Tune the closed form on pictures of a domain; a tuning that was stopped goes on.

    A tenth of the pictures is held out: the step that did best on them is kept, and the tuning
    ends when they get no better. Use the file as --by tuned --weights FILE. Several processes of
    `accelerate launch` tune together.
    """
    output.new_file(out)
    made = session(model, device, clip)
    from lookalike.convert.learning.task import recipe_of
    from lookalike.train.together import place

    first = place().first  # asked first of all: it also gives each process its own GPU
    recipe = recipe_of(
        steps=steps,
        batch=batch,
        rate=rate,
        prompts=prompts,
        prompt_rate=prompt_rate,
        scope=scope,
        text_frame=text_frame,
        resolution=resolution,
        seed=seed,
    )
    work = made.tune(folder, out, recipe, licence=licence, every=SECONDS)
    found = output.drained(work, "tuning", _tell)
    if not first:
        return
    typer.echo(
        f"held-out loss {found.before:.4f} before, {found.after:.4f} at step {found.best} of "
        f"{found.steps} ({found.pictures} pictures"
        + (f", {found.skipped} left out)" if found.skipped else ")")
    )
    typer.echo(found.path)


def _tell(step: Tuning) -> tuple[int, int, str]:
    held = "" if step.held_out is None else f"  held out {step.held_out:.4f}"
    return step.number, step.of, f"loss {step.loss:.4f}  {step.speed:.0f}/s{held}"
