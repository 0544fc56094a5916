"""The command that imports DiffusionDB: prompts and pictures as they were published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli import output
from lookalike.cli.options import session
from lookalike.cli.reverse import Data, group

if TYPE_CHECKING:
    from lookalike.reverse.importing import Imported

From = Annotated[
    Path, typer.Argument(metavar="SOURCE", help="A folder with DiffusionDB's tables, zips or both.")
]
Width = Annotated[int | None, typer.Option(metavar="PIXELS", help="Of pictures.")]
Score = Annotated[float | None, typer.Option(metavar="SCORE", help="At most, from 0 to 1.")]
Length = Annotated[int | None, typer.Option(metavar="COUNT", help="Of prompts, in words.")]
Language = Annotated[
    str | None, typer.Option("--language", metavar="CODE", help="Of prompts, such as en.")
]
Counted = Annotated[
    str | None, typer.Option("--model", metavar="MODEL", help="Count its tokens, not words.")
]


@group.command("import")
def import_(
    source: From,
    out: Data,
    smallest_width: Width = None,
    largest_width: Width = None,
    smallest_height: Width = None,
    largest_height: Width = None,
    language: Language = None,
    image_nsfw: Score = None,
    prompt_nsfw: Score = None,
    fewest_tokens: Length = None,
    most_tokens: Length = None,
    model: Counted = None,
) -> None:
    """Import DiffusionDB as it is published; a stopped import goes on where it was.

    Zips become pictures and manifest.parquet, with what metadata.parquet says of them where it is
    there. A table alone becomes prompts.parquet, to make pictures of. What is broken or not wanted
    is counted; pictures that were blurred are never wanted.
    """
    from lookalike.reverse.diffusiondb import source_of
    from lookalike.reverse.importing import import_from, told
    from lookalike.reverse.wanted import wanted_of

    wanted = wanted_of(
        smallest_width=smallest_width,
        largest_width=largest_width,
        smallest_height=smallest_height,
        largest_height=largest_height,
        language=language,
        image_nsfw=image_nsfw,
        prompt_nsfw=prompt_nsfw,
        fewest_tokens=fewest_tokens,
        most_tokens=most_tokens,
        model=model,
    )
    with _tokens(model) as count:
        work = import_from(source_of(source), out, wanted, count)
        outcome = output.drained(work, "parts", _tell_imported)
    for reason, names in outcome.left_out.names.items():
        typer.echo(f"{reason}: {', '.join(names)}", err=True)
    typer.echo(f"{outcome.file}: {outcome.rows} rows")
    if outcome.left_out.counts:
        typer.echo(f"left out: {told(outcome.left_out)}")


@contextmanager
def _tokens(model: str | None) -> Iterator[Callable[[str], int]]:
    """How prompts are counted: in a model's tokens, start and end excluded, or in words."""
    from lookalike.reverse.wanted import tokens_of, words

    if model is None:
        yield words
        return
    with session(model).models.use(model) as backbone:
        yield tokens_of(backbone)


def _tell_imported(imported: Imported) -> tuple[int, int, str]:
    return imported.done, imported.of, ""
