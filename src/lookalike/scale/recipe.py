"""What a batch is to do, kept beside its results: the same recipe goes on, another is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from lookalike.core.compute import Compute
from lookalike.core.errors import OutputError
from lookalike.core.record import Record, Text
from lookalike.core.records import Settings
from lookalike.scale.places import exists, is_remote, join, names, read_json, write_json

Task = Literal["describe", "convert", "imagine", "embed", "reverse"]

FILE = "batch.json"


class BatchRecipe(Record):
    """One batch: the same recipe over the same manifest gives the same rows again."""

    task: Task = Field(description="What is done to each row.")
    manifest_sha256: str = Field(description="Of the manifest file.")
    column: Text = Field(description="The manifest's column that is worked on.")
    rows: int = Field(ge=1, description="How many rows the manifest has.")
    shard: int = Field(ge=1, le=100_000, description="Rows of one shard.")
    by: str | None = Field(default=None, description="The describer or converter.")
    options: Mapping[str, Any] = Field(default_factory=dict, description="Its options.")
    count: int = Field(default=4, ge=1, le=64, description="Descriptions of a picture.")
    settings: Settings = Field(default_factory=Settings, description="How pictures are made.")
    model: Text = Field(description="The model, as it was named.")
    compute: Compute | None = Field(default=None, description="How the model runs, if not plainly.")

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return -(-self.rows // self.shard)


def claim(recipe: BatchRecipe, out: str) -> None:
    """Take the folder `out` for a batch, or find that it holds that very batch already.

    Raises:
        OutputError: it holds another batch, or something else.
    """
    file, told = join(out, FILE), recipe.model_dump(mode="json")
    if exists(file):
        kept = read_json(file)
        if isinstance(kept, dict):  # batches of earlier versions ran plainly, and say nothing of it
            kept = {"compute": None, **kept}
        if kept != told:
            raise OutputError(f"{out} holds another batch{_difference(kept, told)}; name another")
        return
    if names(out) or (not is_remote(out) and exists(out) and not Path(out).is_dir()):
        raise OutputError(f"cannot write into {out}: something else is there")
    write_json(file, told)


def _difference(kept: Any, told: Mapping[str, Any]) -> str:
    """The first field that differs, as the end of a sentence."""
    if not isinstance(kept, dict):
        return ""
    fields = [name for name in told if kept.get(name) != told[name]]
    if not fields:
        return ""
    name = fields[0]
    return f" ({name}: {kept.get(name)!r} there, {told[name]!r} now)"[:240]
