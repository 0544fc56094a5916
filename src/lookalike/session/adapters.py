"""The adapter that a prompt names: checked and fingerprinted before a model is loaded."""

from __future__ import annotations

from pathlib import Path

from lookalike.core.errors import ModelError, RecipeError
from lookalike.core.records import Prompt, Recipe
from lookalike.engine.references import looks_through_adapter
from lookalike.models.ip_adapter import fingerprints
from lookalike.session.job import Job


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


def check_adapters(recipe: Recipe, made: Path) -> None:
    """Raise RecipeError unless the adapter's files are those that made a picture."""
    if not recipe.adapters:
        return
    chosen = recipe.prompt.settings
    try:
        found = fingerprints(chosen.adapter or "", chosen.adapter_encoder)
    except ModelError as fault:
        raise RecipeError(f"{made} was made with an adapter that is missing: {fault}") from fault
    for name, digest in found.items():
        if recipe.adapters.get(name) != digest:
            raise RecipeError(
                f"{name} has changed since {made} was made with it: its SHA-256 is another"
            )
