"""Tuning on a domain's pictures: steps that can be stopped, judged on a tenth that is held out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL.Image import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from lookalike.convert.learning.denoising import alphas, denoising_loss, trainable
from lookalike.convert.learning.kept import mark_of
from lookalike.convert.learning.task import Learner, LearningRecipe, LearningTask
from lookalike.core.embedding import Embedding
from lookalike.core.errors import LookalikeError, ModelError
from lookalike.core.files import read_json, write_json
from lookalike.core.tensors import write_tensors
from lookalike.models.backbone import Backbone
from lookalike.models.portions import at_once
from lookalike.train import together
from lookalike.train.checkpoint import trained_steps, trained_weights
from lookalike.train.loop import train

BEST, HISTORY = "best.safetensors", "held-out.json"
JUDGED = 64
"""Held-out pictures of mini's size that are judged at once at most."""
LEVELS = 8
"""Noise levels, evenly spaced, at which every held-out picture is judged."""
PATIENCE = 4
"""How often in a row the held-out loss may fail to fall before the tuning ends."""


@dataclass(frozen=True)
class Tuning:
    """One finished step, and the held-out loss where it was measured: that of the start is first.

    `best` is the step with the lowest held-out loss so far; `ended` says that it rises for good.
    """

    number: int
    of: int
    loss: float
    speed: float
    held_out: float | None
    best: int
    ended: bool


def parted(count: int) -> tuple[list[int], list[int]]:
    """Which of `count` pictures to learn from, and which to hold out: every tenth, at least one."""
    held = list(range(0, count, 10))
    return [i for i in range(count) if i % 10], held


class Judge:
    """The mean loss over held-out pictures, at fixed levels and with fixed noise."""

    def __init__(
        self, backbone: Backbone, pictures: Sequence[Image], recipe: LearningRecipe
    ) -> None:
        """Encodes the pictures once."""
        self.task = LearningTask(backbone, pictures, recipe)
        chance = torch.Generator().manual_seed(recipe.schedule.seed + 1)
        shape = (LEVELS, *self.task.latents.shape)
        self.noise = torch.randn(shape, generator=chance)
        top = len(alphas(backbone)) - 1
        self.levels = torch.linspace(0, top, LEVELS + 2)[1:-1].round().long()

    @torch.no_grad()
    def loss(self, learner: Learner) -> float:
        """The loss under the pictures' own conversion by what was learnt."""
        task = self.task
        seen = learner.see(task.backbone, task.pixels, task.plain)
        prompt, size = task.form(seen), at_once(task.backbone, JUDGED)
        shares = [slice(start, start + size) for start in range(0, task.count, size)]
        with learner.additions.lent(task.backbone.unet):
            found = [
                self._loss(prompt, level, noise, some) * len(task.latents[some]) / task.count
                for level, noise in zip(self.levels, self.noise, strict=True)
                for some in shares
            ]
        return float(torch.stack(found).sum() / LEVELS)

    def _loss(self, prompt: Embedding, level: Tensor, noise: Tensor, some: slice) -> Tensor:
        """The loss of some of the pictures at a level."""
        clean = self.task.latents[some]
        at, drawn = level.expand(len(clean)), noise[some].to(clean)
        return denoising_loss(self.task.backbone, clean, prompt.part(some), at, drawn)


def tune(
    backbone: Backbone,
    pictures: Sequence[Image],
    recipe: LearningRecipe,
    run: Path,
    every: float = 60.0,
    judged_every: int = 25,
) -> Iterator[Tuning]:
    """Learn from pictures, step by step; the same folder `run` goes on where it was stopped.

    Of the pictures a tenth is held out; when the loss on them has not fallen for `PATIENCE`
    judgements, the tuning ends. `best_learner` then gives the weights that did best on them. A
    tuning that was killed at any moment ends with the same weights as an unbroken one.

    Raises:
        ModelError: the folder is another recipe's or another model's, or damaged.
    """
    recipe = recipe.model_copy(update={"pictures": mark_of(pictures)})
    learnt, held = parted(len(pictures))
    task = LearningTask(backbone, [pictures[i] for i in learnt], recipe)
    judge = Judge(backbone, [pictures[i] for i in held], recipe)
    history = _History(run, recipe, backbone.sha256)
    done, last = trained_steps(run), recipe.schedule.steps
    together.wait()  # nobody writes before all have read
    with trainable(backbone, recipe):
        if (done % judged_every == 0 or done == last) and done not in history.losses:
            # Nothing is learnt yet, or the last step was kept just before a kill, and not judged.
            if done:
                task.module.load_state_dict(trained_weights(run))
            history.add(done, together.told(lambda: judge.loss(task.module)), task.module)
        if history.ended(done):
            return
        for step in train(task, run, every):
            held_out = None
            if step.number % judged_every == 0 or step.number == step.of:
                held_out = together.told(lambda: judge.loss(task.module))
                history.add(step.number, held_out, task.module)
            ended = history.ended(step.number)
            yield Tuning(step.number, step.of, step.loss, step.speed, held_out, history.best, ended)
            if ended:
                return


def best_learner(
    backbone: Backbone, recipe: LearningRecipe, run: Path
) -> tuple[Learner, dict[int, float]]:
    """The weights of a tuning that did best on the pictures held out, and their losses by step.

    Raises:
        ModelError: the folder is damaged.
    """
    learner = Learner(backbone, recipe)
    try:
        learner.load_state_dict(load_file(run / BEST))
    except (SafetensorError, OSError, RuntimeError) as fault:
        raise ModelError(f"{run / BEST} is missing or damaged; delete {run}") from fault
    _, losses = _noted(run)
    return learner.to(backbone.device).eval().requires_grad_(False), losses


def _noted(run: Path) -> tuple[object, dict[int, float]]:
    """What a folder's tuning is of, and its held-out losses by step."""
    path = run / HISTORY
    try:
        stored = read_json(path)
        return stored["of"], {int(k): float(v) for k, v in stored["losses"].items()}
    except (LookalikeError, KeyError, TypeError, ValueError, AttributeError) as fault:
        raise ModelError(f"{path} is damaged; delete {run}") from fault


class _History:
    """Held-out losses by step, kept on disk with the best weights."""

    def __init__(self, run: Path, recipe: LearningRecipe, base: str) -> None:
        self.run = run
        self.own = {"base_sha256": base, "recipe": json.loads(recipe.model_dump_json())}
        of, self.losses = _noted(run) if (run / HISTORY).exists() else (self.own, {})
        if of != self.own:
            raise ModelError(
                f"{run} holds a tuning of other pictures, another recipe or another model; "
                "delete it"
            )

    @property
    def best(self) -> int:
        """The step of the lowest loss."""
        return min(self.losses, key=lambda step: self.losses[step])

    def add(self, step: int, loss: float, learner: Learner) -> None:
        """Note a loss; weights are written first, so that the note never promises what is not.

        Of several processes the first writes, and none goes on before it has.
        """
        best = not self.losses or loss <= min(self.losses.values())
        self.losses[step] = loss
        if together.place().first:
            self._write(learner if best else None)
        together.wait()

    def _write(self, learner: Learner | None) -> None:
        if learner is not None:
            write_tensors(self.run / BEST, learner.state_dict())
        kept = {str(k): v for k, v in sorted(self.losses.items())}
        write_json(self.run / HISTORY, {"of": self.own, "losses": kept})

    def ended(self, step: int) -> bool:
        """Whether, by that step, the loss has risen for good."""
        known = [s for s in sorted(self.losses) if s <= step]
        if not known:
            return False
        best = min(known, key=lambda s: self.losses[s])
        return len([s for s in known if s > best]) >= PATIENCE
