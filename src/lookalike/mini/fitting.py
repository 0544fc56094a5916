"""Trainings fitted to the time that there is: fewer steps of the same schedule."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from lookalike.core.files import read_json, write_json
from lookalike.mini.recipe import ClipRecipe
from lookalike.train.loop import seconds_a_step
from lookalike.train.task import Recipe, Task
from lookalike.train.together import first_here, place, told

FITTED = "fitted.json"
MARGIN = 0.92
"""The share of the time that steps are to fill: sheets and checkpoints take some too."""


def shortened(recipe: Recipe, steps: int) -> Recipe:
    """The same training in so many steps; stages and warm-up keep their shares."""
    share = steps / recipe.schedule.steps
    warm = math.ceil(recipe.schedule.warmup * share)
    schedule = recipe.schedule.model_copy(update={"steps": steps, "warmup": warm})
    changed: dict[str, Any] = {"schedule": schedule}
    if isinstance(recipe, ClipRecipe):
        changed |= {name: round(getattr(recipe, name) * share) for name in ("alone", "aligned")}
    return recipe.model_copy(update=changed)


def fit(task: Task[Any], folder: Path, seconds: float) -> None:
    """Shorten a task that would not end in `seconds`; what was fitted once stays as it was."""
    whole, path = task.schedule.steps, folder / FITTED
    if not told(lambda: float(path.exists())):
        pause = seconds_a_step(task)
        steps = max(1, min(whole, int(MARGIN * seconds / pause)))
        with first_here():
            if place().first:
                write_json(path, {"steps": steps, "of": whole, "seconds_a_step": round(pause, 6)})
    task.recipe = shortened(task.recipe, int(read_json(path)["steps"]))


def fitted_steps(folder: Path) -> int | None:
    """How many steps a part's training was fitted to; None where it was not."""
    path = folder / FITTED
    return int(read_json(path)["steps"]) if path.exists() else None
