"""Commands about a prompt's words: which of them matter, and which presets add some."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lookalike.cli import output
from lookalike.cli.options import MODEL, Device, Json, Model, session

if TYPE_CHECKING:
    from lookalike.core.records import Prompt
    from lookalike.engine.shorten import Shortened

By = Literal["words", "phrases"]

Words = Annotated[
    str, typer.Argument(metavar="PROMPT", help="A prompt, with parameters or without.")
]
Apiece = Annotated[
    By, typer.Option("--by", help="What is left out at a time: a word, or what commas part.")
]
Levels = Annotated[
    int, typer.Option("--levels", help="Noise levels to measure at; more is slower and surer.")
]


def shorten(
    prompt: Words,
    by: Apiece = "words",
    levels: Levels = 4,
    json: Json = False,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Show which words of a prompt matter.

    Each word is left out in turn: its share is how much of what the prompt does to the picture
    changes without it. Below are shorter prompts, with what they keep; words that the shortest of
    them lacks are struck through.
    """
    from lookalike.core.language import read

    asked = read(prompt)
    found = output.finished(
        session(model, device).start_shorten(asked, by=by, levels=levels), "shorten"
    )
    if json:
        output.show_json(found.model_dump(mode="json"))
        return
    typer.echo(f"{_struck(asked, by, found)}\n")
    rows = [(each.text, f"{each.share:.0%}") for each in found.pieces]
    output.table((by.removesuffix("s"), "share"), rows)
    typer.echo("")
    for each in found.prompts:
        typer.echo(f"keeps {each.keeps:4.0%}  {each.text}")
    if not found.prompts:
        typer.echo("every shorter prompt does something else")


def presets(json: Json = False) -> None:
    """List the consistency presets: one character in several actions, views or moments."""
    from lookalike.core.presets import presets as known

    if json:
        output.show_json([each.model_dump(mode="json") for each in known()])
        return
    for each in known():
        typer.echo(f"{each.name:22}  {each.summary}")


def _struck(prompt: Prompt, by: By, found: Shortened) -> str:
    """The prompt's words, those struck through that the shortest of the shorter prompts lacks."""
    from dataclasses import replace

    from lookalike.core.pieces import joined, pieces

    weak = found.prompts[-1].dropped if found.prompts else ()
    shown = [
        replace(piece, text=_strike(piece.text)) if number in weak else piece
        for number, piece in enumerate(pieces(prompt, by))
    ]
    return " ".join(part.text for part in joined(prompt, shown))


def _strike(text: str) -> str:
    """Struck through on a terminal, and between ~~ as in Markdown elsewhere."""
    if sys.stdout.isatty():
        return typer.style(text, dim=True, strikethrough=True)
    return f"~~{text}~~"
