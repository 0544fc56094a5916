"""The command that lists models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lookalike.cli import output
from lookalike.cli.options import Json

if TYPE_CHECKING:
    from lookalike.models.spec import ModelSpec


def models(json: Json = False) -> None:
    """List the models at hand, with licence, size and hash.

    Those in the package, those in the folders that $LOOKALIKE_MODELS names, and those that the
    hub's cache holds.
    """
    from lookalike.models.catalogue import known

    found = known()
    if json:
        output.show_json([each.model_dump(mode="json") for each in found])
    elif found:
        columns = ("name", "family", "licence", "size", "SHA-256", "source")
        output.table(columns, [_row(each) for each in found])
    else:
        typer.echo("no model is at hand; --model takes a hub id, a folder or a .safetensors file")


def _row(spec: ModelSpec) -> tuple[str, ...]:
    size = f"{spec.bytes / 1e6:.1f} MB" if spec.bytes is not None else "?"
    mark = f"{spec.sha256[:12]}…" if spec.sha256 else "not read yet"
    return spec.name, spec.family or "?", spec.licence, size, mark, spec.source
