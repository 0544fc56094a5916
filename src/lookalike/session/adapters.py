"""Weights beside the model's own that something was made with: named, and found unchanged."""

from __future__ import annotations

from pathlib import Path

from lookalike.core.errors import ModelError, RecipeError
from lookalike.core.files import sha256
from lookalike.core.records import Prompt, Recipe
from lookalike.engine.references import looks_through_adapter
from lookalike.models.ip_adapter import fingerprints
from lookalike.session.job import Job, converter_of


def adapters_of(prompt: Prompt) -> dict[str, str]:
    """SHA-256 of the adapter's files by their names; nothing where no picture is read by it.

    Raises:
        ModelError: a file is not there, or is no adapter.
    """
    if not looks_through_adapter(prompt):
        return {}
    return fingerprints(prompt.settings.adapter or "", prompt.settings.adapter_encoder)


def idle_adapter(job: Job) -> list[str]:
    """A line for what a job names of an adapter and does not use."""
    chosen = job.prompt.settings
    if chosen.adapter and not job.adapters:
        return [
            "--adapter reads the image and style references of imagine; here it changes nothing"
        ]
    if chosen.adapter_encoder and not job.adapters:
        return ["--adapter-encoder is for --adapter; without it, it changes nothing"]
    return []


def weights_of(job: Job) -> dict[str, str]:
    """SHA-256 of the weights that a job's converter reads and of what was learnt of its pictures.

    Raises:
        ModelError: a file is not there.
    """
    files = converter_of(job).files if "by" in job.options else ()
    found = {file: _hash(file) for file in files}
    learnt = {one.name: sha256(one.prompt) for one in job.sources if one.prompt is not None}
    return {**found, **learnt}


def _hash(file: str) -> str:
    path = Path(file).expanduser()
    if not path.is_file():
        raise ModelError(f"there is no weight file {file}")
    return sha256(path)


def check_adapters(recipe: Recipe, job: Job, made: Path) -> None:
    """Raise RecipeError unless all weights are those that made a picture."""
    if not recipe.adapters:
        return
    chosen = recipe.prompt.settings
    try:
        found = weights_of(job)
        if chosen.adapter and chosen.adapter in recipe.adapters:
            found |= fingerprints(chosen.adapter, chosen.adapter_encoder)
    except ModelError as fault:
        raise RecipeError(f"{made} was made with weights that are missing: {fault}") from fault
    for name, digest in recipe.adapters.items():
        if name not in found:
            raise RecipeError(f"{made} was made with what was learnt as {name}, which is gone")
        if found[name] != digest:
            raise RecipeError(
                f"{name} has changed since {made} was made with it: its SHA-256 is another"
            )
