"""Short trainings, each told as a loss curve: what tests give to one process and to two."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

from lookalike.convert.learning.tuning import tune
from lookalike.mini import tokenizer as tokenizing
from lookalike.mini.recipe import TRAINED, MiniRecipe, read_recipe
from lookalike.mini.training import train_part
from lookalike.reverse.training import ReaderTask, fit
from lookalike.train.loop import train
from lookalike.train.together import place
from tests.convert.learning import PICTURES, short
from tests.engine.tiny import noise_picture, tiny_backbone
from tests.mini.conftest import __file__ as mini_tests
from tests.reverse.benches import random_lesson, reader_recipe
from tests.train.tiny_task import TinyTask, schedule

Curve = list[float]


def tiny(folder: Path) -> Iterator[tuple[str, Curve]]:
    """The smallest training, whose batch norm must see whole batches; and one that was stopped."""

    class Dealt(TinyTask):
        shared = True

    yield "tiny", [step.loss for step in train(Dealt(schedule(12)), folder / "tiny", 0)]
    running = train(Dealt(schedule(12)), folder / "stopped")
    begun = [next(running).loss for _ in range(5)]
    running.close()
    rest = [step.loss for step in train(Dealt(schedule(12)), folder / "stopped")]
    yield "tiny resumed", begun + rest


def mini(folder: Path) -> Iterator[tuple[str, Curve]]:
    """Every part of mini, then CLIP and U-Net once more with captions drawn ahead.

    In float32: how far bfloat16 takes sums of another order apart depends on the processor.
    """
    whole = tokenizing.corpus
    tokenizing.corpus = lambda: whole(200)
    told = read_recipe(str(Path(mini_tests).with_name("tiny.toml"))).model_dump()
    for part in TRAINED:
        told[part]["schedule"]["bf16"] = False
    fresh = MiniRecipe.model_validate(told)
    for part in ("clip", "unet"):
        told[part]["captions"] = 3
    ahead = MiniRecipe.model_validate(told)
    for name, recipe, parts in (("fresh", fresh, TRAINED), ("ahead", ahead, TRAINED[:3])):
        for part in parts:
            steps = train_part(part, recipe, folder / name, folder / "data", every=0)
            yield f"{name} {part}", [step.loss for step in steps]


def tuned(folder: Path) -> Iterator[tuple[str, Curve]]:
    """A tuning with visual prompts, words and a held-out part, by which it is judged."""
    pictures = [*PICTURES, *(noise_picture(seed=seed) for seed in range(4, 12))]
    steps = list(tune(tiny_backbone(), pictures, short(8, 0.01), folder / "run", 0, 4))
    yield "tune", [step.loss for step in steps]
    yield "tune held out", [step.held_out for step in steps if step.held_out is not None]


def reverse(folder: Path) -> Iterator[tuple[str, Curve]]:
    """Every kind of reader: one with batch norm and dropout, one that shifts its pictures."""
    backbone = tiny_backbone()
    lessons = random_lesson(backbone, 12, 1), random_lesson(backbone, 8, 2)
    for kind in ("clip", "white", "tower"):
        home = folder / kind
        task = ReaderTask(backbone, reader_recipe(kind), *lessons, home)
        yield kind, [step.loss for step in fit(task, 0)]


KINDS = {"tiny": tiny, "mini": mini, "tune": tuned, "reverse": reverse}


def main(kinds: str, folder: str) -> None:
    """Train, and write the curves beside the runs."""
    torch.set_num_threads(1)
    found: dict[str, Curve] = {"processes": [float(place().count)]}
    for kind in kinds.split(","):
        found |= dict(KINDS[kind](Path(folder)))
    if place().first:
        Path(folder, "curves.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
