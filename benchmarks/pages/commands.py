"""The page "Command line": every command with its arguments and options, as typer has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from benchmarks.pages.markdown import code, head, table
from lookalike.cli.app import app
from lookalike.cli.methods import MethodCommand

HEAD = head(
    "Command line",
    "`lookalike COMMAND --help` prints the same. Commands with `--by METHOD` also take "
    "that method's options, which are on [Methods and parameters](methods.md). What comes "
    "of a command goes to stdout, remarks and progress to stderr. The exit code is 0 when "
    "all went well, 2 when something is to be mended (one line says what), 130 after "
    "Ctrl-C and 1 for a fault of lookalike's own; `LOOKALIKE_TRACEBACK=1` then shows "
    "where.",
)

VARIABLES = (
    (
        "LOOKALIKE_CACHE",
        "Where hashes, banks and measures of models are kept between runs.",
    ),
    ("LOOKALIKE_LIBRARY", "Where pictures are kept that have names."),
    ("LOOKALIKE_MODELS", "Folders of checkpoints that `lookalike models` lists."),
    ("LOOKALIKE_STUDIO", "Where the studio keeps its jobs and its history."),
    ("LOOKALIKE_TRACEBACK", "Set to anything, shows where an error comes from."),
)


def page() -> str:
    """The page's text."""
    commands = [_command(path, command) for path, command in every(typer.main.get_command(app))]
    rows = [(code(name), say) for name, say in VARIABLES]
    tail = f"## Variables\n\n{table(('variable', 'what it does'), rows)}\n"
    return "\n".join([HEAD, *commands, tail])


def every(command: Any, path: str = "lookalike") -> Iterator[tuple[str, Any]]:
    """Every command that does something, with how it is called, in the order of `--help`."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, each in inner.items():
        yield from every(each, f"{path} {name}")


def _command(path: str, command: Any) -> str:
    own = [each for each in command.params if each.name != "help"]
    context = command.context_class(command, info_name=path)
    words = [_argument(each) for each in own if each.param_type_name == "argument"]
    rows = [_row(each, context) for each in own]
    grown = isinstance(command, MethodCommand)
    lines = [f"## {path}", "", code(" ".join([path, *words, "[OPTIONS]"])), "", _help(command), ""]
    if rows:
        lines += [table(("takes", "what it is"), rows), ""]
    if grown:
        lines += ["And the options of its method: [Methods and parameters](methods.md).", ""]
    return "\n".join(lines)


def _help(command: Any) -> str:
    """The command's text, each paragraph on a line."""
    parts = (command.help or "").strip().split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in parts)


def _argument(each: Any) -> str:
    name = (each.metavar or each.name).strip("{}").upper()
    return name if each.required else f"[{name}]"


def _row(each: Any, context: Any) -> tuple[str, str]:
    if each.param_type_name == "argument":
        return code(_argument(each)), getattr(each, "help", None) or ""
    head, say = each.get_help_record(context)
    return code(" ".join(head.split())), " ".join(say.split())
