"""First-level members: every way in which one picture becomes one place, trained or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from lookalike.core.tensors import write_tensors
from lookalike.models.backbone import Backbone
from lookalike.reverse.claims import claim, fingerprint, lesson_mark
from lookalike.reverse.curriculum import difficulty, order_of, stages
from lookalike.reverse.features import Features
from lookalike.reverse.recipe import ReaderRecipe
from lookalike.reverse.training import Lesson, ReaderTask, Stage, fit, read, snapshots
from lookalike.train import together
from lookalike.train.loop import Step

OUTPUTS = "outputs.safetensors"

Outputs = Mapping[str, Float[Tensor, "_ width"]]
"""What a member says of each set of pictures, by the set's name."""


@dataclass(frozen=True)
class Doing:
    """What is being done, and how far it is."""

    name: str
    done: int
    of: int


@dataclass(frozen=True)
class Bench:
    """All that readers learn from and are asked about."""

    backbone: Backbone
    train: Lesson
    validation: Lesson
    asked: Mapping[str, Features]  # the sets whose places are wanted, by name

    @property
    def everything(self) -> Mapping[str, Features]:
        """The sets that are asked about, train and validation among them."""
        return {"train": self.train.features, "validation": self.validation.features, **self.asked}


def learnt(
    bench: Bench,
    name: str,
    recipe: ReaderRecipe,
    folder: Path,
    wanted: Sequence[str],
    easy: Path | None = None,
    weighing: bool = False,
) -> Iterator[Doing | Outputs]:
    """Train one reader in `folder`, yielding how far it is and at last what it says.

    With a curriculum, the samples' difficulty comes from the looks of the run in `easy`. What was
    finished is not done again.
    """
    with together.first_here():
        claim(folder, _claimed(bench, recipe, weighing))
    marks = {each: fingerprint(bench.everything[each]) for each in wanted}
    path = folder / OUTPUTS
    kept = _kept(path, marks)
    together.wait()  # nobody writes before all have read
    if all(each in kept for each in wanted):
        yield kept
        return
    task = ReaderTask(
        bench.backbone,
        recipe,
        bench.train,
        bench.validation,
        folder,
        _stages(recipe, easy),
        weighing=weighing,
    )
    for step in fit(task):
        yield _doing(name, step)
    for each in wanted:
        if each not in kept:
            asked = bench.everything[each]
            kept[each] = read(task.module, bench.backbone, asked.inputs).contiguous()
            yield Doing(f"{name}: {each}", 1, 1)
    if together.place().first:
        write_tensors(path, kept, {**_marks(path), **marks})
    yield kept


def _claimed(bench: Bench, recipe: ReaderRecipe, weighing: bool) -> Mapping[str, Any]:
    """All that the outcome of a training hangs on."""
    return {
        "model": bench.backbone.sha256,
        "training part": lesson_mark(bench.train),
        "validation part": lesson_mark(bench.validation),
        "recipe": {**recipe.model_dump(mode="json"), "weighing": weighing},
    }


def _marks(path: Path) -> dict[str, str]:
    """Which pictures each kept set was read from, by the set's name."""
    if not path.exists():
        return {}
    with safe_open(str(path), framework="pt") as file:
        return dict(file.metadata() or {})


def _kept(path: Path, marks: Mapping[str, str]) -> dict[str, Float[Tensor, "_ width"]]:
    """What was said before, but of sets that are now others; older files do not tell."""
    if not path.exists():
        return {}
    known = _marks(path)
    other = {name for name, mark in marks.items() if known.get(name, mark) != mark}
    return {name: said for name, said in load_file(path).items() if name not in other}


def _doing(name: str, step: Step) -> Doing:
    return Doing(f"{name}  loss {step.loss:.3f}", step.number, step.of)


def _stages(recipe: ReaderRecipe, easy: Path | None) -> Sequence[Stage]:
    if easy is None or not recipe.curriculum:
        return ()
    looks = torch.stack([each.train for each in snapshots(easy)])
    order = order_of(difficulty(looks.numpy()))
    found = stages(order, recipe.curriculum, recipe.schedule.steps)
    return [Stage(torch.from_numpy(rows), steps) for rows, steps in found]
