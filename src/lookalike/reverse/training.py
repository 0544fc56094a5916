"""Training of one reader: the joint objective, stages of a curriculum, and the best state kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from jaxtyping import Float, Int64
from safetensors.torch import load_file
from torch import Tensor

from lookalike.core.tensors import write_tensors
from lookalike.describe.reversing.readers import Inputs, Reader, reader_of
from lookalike.models.backbone import Backbone
from lookalike.models.portions import at_once
from lookalike.reverse.features import Features
from lookalike.reverse.objective import joint_loss
from lookalike.reverse.recipe import ReaderRecipe
from lookalike.train import together
from lookalike.train.loop import Step, train
from lookalike.train.task import Task

BATCH = 128
"""Pictures read at once where nothing is learnt; fewer where they are larger than mini's."""


@dataclass(frozen=True)
class Lesson:
    """What a reader learns from: features of its part, and the words of its prompts."""

    features: Features
    marks: Float[Tensor, "rows words"]


@dataclass(frozen=True)
class Stage:
    """Some steps of a training, and the rows that they draw from."""

    rows: Int64[Tensor, " chosen"]
    steps: int


class ReaderTask(Task[ReaderRecipe]):
    """The joint loss of one step; at even distances the state is looked at, before the step."""

    called: ClassVar[str] = "reader"
    shared = True
    leaner = "with probing = 1 in its recipe only its head learns"

    def __init__(
        self,
        backbone: Backbone,
        recipe: ReaderRecipe,
        lesson: Lesson,
        validation: Lesson,
        folder: Path,
        stages: Sequence[Stage] = (),
        *,
        weighing: bool = False,
    ) -> None:
        """Draw an untrained reader; `weighing` also measures each look's training samples."""
        self.backbone, self.recipe, self.weighing = backbone, recipe, weighing
        self.lesson, self.validation, self.folder = lesson, validation, folder
        every = Stage(torch.arange(len(lesson.features)), recipe.schedule.steps)
        self.stages = stages or (every,)
        self.module = _drawn(backbone, recipe, lesson).to(backbone.device)

    def pace(self, name: str) -> float:
        """Weights that were trained before move slowly."""
        return self.recipe.pace if self._known(name) else 1.0

    def learnt(self) -> Iterator[Tensor]:
        """All weights, or those of the new layers, where nothing else ever learns."""
        for name, weight in self.module.named_parameters():
            if self.recipe.probing < 1 or not self._known(name):
                yield weight

    def _known(self, name: str) -> bool:
        """Whether a weight was trained before."""
        return not self.recipe.scratch and name.startswith(type(self.module).fragile)

    def loss(self, step: int) -> tuple[Float[Tensor, ""], dict[str, float]]:
        """The joint objective on one batch of the step's stage."""
        self.look(step)
        self._thaw(step)
        rows = together.dealt(self.rows(step))
        batch = self.lesson.features.take(rows)
        places, logits = self.module(self.backbone, batch.inputs, self.chance(step))
        loss, terms = joint_loss(
            places,
            batch.targets.to(places),
            logits,
            self.lesson.marks[rows].to(places),
            vocabulary=self.recipe.vocabulary,
            huber=self.recipe.huber,
        )
        return loss, {name: float(term) for name, term in terms.items()}

    def rows(self, step: int) -> Int64[Tensor, " batch"]:
        """The rows that a step learns from."""
        first, stage = 0, self.stages[0]
        for stage in self.stages:
            if step < first + stage.steps:
                break
            first += stage.steps
        return stage.rows[self.order(step, len(stage.rows))]

    def _thaw(self, step: int) -> None:
        """New layers learn alone at first: what was trained before would only be shaken."""
        probing = step < self.recipe.probing * self.schedule.steps
        for name, weight in self.module.named_parameters():
            if self._known(name):
                weight.requires_grad_(not probing)

    @property
    def looks(self) -> list[int]:
        """The steps before which the state is looked at; the last look is after all."""
        count, steps = self.recipe.snapshots, self.schedule.steps
        return [round(steps * (i + 1) / count) for i in range(count)]

    def look(self, step: int) -> None:
        """Write what the state before a step is worth, and the state itself if it is the best.

        The first process looks, the others wait for it.
        """
        if step in self.looks:
            with together.first_here():
                if not _snapshot(self.folder, step).exists():
                    self._look(step)

    def _look(self, step: int) -> None:
        theirs = cosines(self.module, self.backbone, self.validation.features)
        own = theirs.new_zeros(0)
        if self.weighing:
            own = cosines(self.module, self.backbone, self.lesson.features)
        best = max((float(s.validation.mean()) for s in snapshots(self.folder)), default=-1.0)
        if float(theirs.mean()) > best:
            write_tensors(self.folder / BEST, self.module.state_dict())
        write_tensors(_snapshot(self.folder, step), {"train": own, "validation": theirs})


def _drawn(backbone: Backbone, recipe: ReaderRecipe, lesson: Lesson) -> Reader:
    """An untrained reader; nobody else's chance is touched."""
    width, words = lesson.features.targets.shape[1], lesson.marks.shape[1]
    options = {"hidden": recipe.hidden, "scratch": recipe.scratch, "folder": recipe.folder}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.schedule.seed)
        return reader_of(recipe.kind, backbone, width, words if recipe.vocabulary else 0, options)


BEST = "best.safetensors"


@dataclass(frozen=True)
class Snapshot:
    """How near a state comes to each target; to those of training only where that was weighed."""

    step: int
    train: Float[Tensor, " rows"]
    validation: Float[Tensor, " held"]


def _snapshot(folder: Path, step: int) -> Path:
    return folder / f"snapshot-{step:07d}.safetensors"


def snapshots(folder: Path) -> list[Snapshot]:
    """The looks that a training took, in the order of their steps."""
    found = []
    for path in sorted(folder.glob("snapshot-*.safetensors")):
        read = load_file(path)
        found.append(Snapshot(int(path.stem[9:]), read["train"], read["validation"]))
    return found


def fit(task: ReaderTask, every: float = 60.0) -> Iterator[Step]:
    """Train a reader to its end and give it its best state; a stopped one goes on.

    Yields the steps. The folder then holds the looks and the best state.
    """
    if not _snapshot(task.folder, task.schedule.steps).exists():
        yield from train(task, task.folder, every)
        task.look(task.schedule.steps)
    task.module.load_state_dict(load_file(task.folder / BEST))
    task.module.eval().requires_grad_(False)


@torch.no_grad()
def read(reader: Reader, backbone: Backbone, inputs: Inputs) -> Float[Tensor, "pictures width"]:
    """Where a reader places pictures, at length 1, on the CPU; always as in use."""
    learning = reader.training
    reader.eval()
    size = at_once(backbone, BATCH)
    pieces = [slice(i, i + size) for i in range(0, len(inputs), size)]
    # In full precision: looks within a step and the last one, after all, are compared.
    with torch.autocast(reader.regress.weight.device.type, enabled=False):
        found = [reader(backbone, inputs.take(piece))[0].cpu() for piece in pieces]
    reader.train(learning)
    return torch.cat(found)


def cosines(reader: Reader, backbone: Backbone, features: Features) -> Float[Tensor, " rows"]:
    """How near a reader comes to each row's target."""
    return (read(reader, backbone, features.inputs) * features.targets).sum(1)
