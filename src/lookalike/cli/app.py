"""All commands put together, and the one place that knows how typer reports a wrong usage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from lookalike.cli import (
    batch,
    characters_pass,
    demo,
    evaluate,
    learn,
    library,
    make,
    mini,
    models,
    parameters,
    pictures,
    read,
    restyle,
    reverse_reuse,
    studio,
    words,
    world,
)
from lookalike.cli.methods import (
    ConverterCommand,
    DescriberCommand,
    LearnerCommand,
    RestyleCommand,
)
from lookalike.core.errors import OptionError

# Plain help: drawing it with rich takes longer than all the rest of `lookalike --help`.
app = typer.Typer(name="lookalike", add_completion=False, rich_markup_mode=None)

app.command(cls=DescriberCommand)(read.describe)
app.command(cls=ConverterCommand)(read.convert)
# What typer does not know is left to the prompt language, which points at what it does not know.
app.command(context_settings={"ignore_unknown_options": True})(make.imagine)
app.command(context_settings={"ignore_unknown_options": True})(make.story)
app.command(cls=ConverterCommand)(make.edit)
app.command(cls=ConverterCommand)(pictures.vary)
app.command(cls=ConverterCommand)(pictures.zoom)
app.command()(pictures.pan)
app.command(cls=ConverterCommand)(pictures.blend)
app.command()(pictures.remix)
app.command()(pictures.pick)
app.command(cls=RestyleCommand)(restyle.restyle)
app.command()(make.again)
app.command()(make.recipe)
app.command(cls=LearnerCommand)(learn.learn)
app.command()(learn.tune)
app.command()(library.save)
app.command()(library.saved)
app.command()(library.forget)
app.command()(words.shorten)
app.command()(words.presets)
app.command()(parameters.parameters)
app.command()(batch.batch)
app.command()(demo.demo)
app.command()(models.models)
app.command()(studio.studio)
app.add_typer(evaluate.group, name="evaluate")
app.add_typer(world.group, name="world")
app.add_typer(mini.group, name="mini")
app.add_typer(reverse_reuse.group, name="reverse")
app.add_typer(characters_pass.group, name="characters")

# Typer gives no name to the base of its complaints.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


@app.command()
def version() -> None:
    """Print the version."""
    from lookalike import __version__

    typer.echo(f"lookalike {__version__}")


def _version(asked: bool) -> bool:
    if asked:
        version()
        raise typer.Exit
    return asked


@app.callback()
def lookalike(
    asked: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Pictures read back into prompts and prompt embeddings, and new pictures made from them."""


def call(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code; `OptionError` where it is used wrongly."""
    command = typer.main.get_command(app)
    try:
        with command.make_context("lookalike", list(arguments) or ["--help"]) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except _UsageError as fault:
        raise OptionError(_complaint(fault)) from fault
    return 0


def _complaint(fault: Exception) -> str:
    """Typer's message as one line that says where help is."""
    tell = getattr(fault, "format_message", fault.__str__)
    message = " ".join(str(tell()).split()).rstrip(".")
    context = getattr(fault, "ctx", None)
    where = context.command_path if context is not None else "lookalike"
    return f"{message[:1].lower()}{message[1:]}; `{where} --help` shows what there is"
