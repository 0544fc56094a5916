"""The command that shows the prompt language's parameters, and its tables for the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli import output
from lookalike.cli.options import Json

if TYPE_CHECKING:
    from lookalike.core.language import Parameter

Rows = list[tuple[str, ...]]

ANY = "any"
"""What a prompt is called that names no version."""

COLUMNS = ("parameter", "takes", "unless said", "meaning")
OURS = "Lookalike's own."

Version = Annotated[
    str | None, typer.Option("--v", "--version", metavar="N", help="Those of one version, as in 6.")
]
Niji = Annotated[
    str | None, typer.Option("--niji", metavar="N", help="Those of one niji version, as in 6.")
]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print tables in Markdown.")]


def parameters(
    version: Version = None, niji: Niji = None, json: Json = False, markdown: Markdown = False
) -> None:
    """Show the parameters of prompts: how each is written, what it takes, and what it means.

    With --v or --niji those that this version knows. Otherwise all of them, each with its widest
    range, and what every version allows.
    """
    from lookalike.core.language import PROFILES

    name = _named(version, niji)
    if json:
        names = [name] if name else [ANY, *PROFILES]
        output.show_json({"versions": {each: facts(each) for each in names}})
        return
    show = _in_markdown if markdown else _in_columns
    show(COLUMNS, listing(name))
    if name is None:
        typer.echo("")
        show(("parameter", *PROFILES), matrix())


def listing(version: str | None = None) -> Rows:
    """What a version's parameters are called, take, are unless said, and mean."""
    from lookalike.core.language import parameters as known
    from lookalike.core.language.values import expected

    return [
        (
            ", ".join(f"--{name}" for name in (each.name, *each.aliases)),
            expected(each),
            _default(each),
            f"{each.meaning} {OURS}" if each.ours else each.meaning,
        )
        for each in known(version)
    ]


def matrix() -> Rows:
    """What every version allows for each parameter, with – where it does not know it."""
    from lookalike.core.language import PROFILES
    from lookalike.core.language import parameters as known

    fitted = {name: {each.name: each for each in known(name)} for name in PROFILES}
    return [
        (f"--{each.name}", *(_briefly(fitted[name].get(each.name)) for name in PROFILES))
        for each in known()
        if each.kind != "version"
    ]


def facts(version: str) -> list[dict[str, object]]:
    """A version's parameters for programs."""
    from lookalike.core.language import parameters as known

    return [
        {
            "name": each.name,
            "aliases": list(each.aliases),
            "kind": each.kind,
            "low": each.low,
            "high": each.high,
            "choices": list(each.choices),
            "default": each.default,
            "meaning": each.meaning,
            "ours": each.ours,
        }
        for each in known(None if version == ANY else version)
    ]


def _named(version: str | None, niji: str | None) -> str | None:
    """A version as profiles are called; refused where there is none."""
    from lookalike.core.errors import OptionError
    from lookalike.core.language import parameters as known

    if version is not None and niji is not None:
        raise OptionError("--v and --niji exclude each other; keep one")
    name = f"niji {niji}" if niji is not None else version
    known(name)
    return name


def _default(parameter: Parameter) -> str:
    value = parameter.default
    if value is None or value is False or value in ("", ()):
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _briefly(parameter: Parameter | None) -> str:
    """What a parameter may be, as a cell: its range or its choices, else that it is known."""
    if parameter is None:
        return "–"
    if parameter.choices:
        return ", ".join(parameter.choices)
    if parameter.low is not None and parameter.high is not None:
        return f"{parameter.low:.10g}–{parameter.high:.10g}"
    return "yes"


def in_markdown(columns: tuple[str, ...], rows: Rows) -> str:
    """A table in Markdown; names of parameters stand as code."""
    coded = [(_as_code(first), *rest) for first, *rest in rows]
    lines = [columns, tuple("---" for _ in columns), *coded]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _as_code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


def _in_markdown(columns: tuple[str, ...], rows: Rows) -> None:
    typer.echo(in_markdown(columns, rows))


def _in_columns(columns: tuple[str, ...], rows: Rows) -> None:
    output.table(columns, rows, numbers=False)
