"""A reader's training: what it looks at, what it keeps, and that stopping it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from lookalike.models.latent import LatentDiffusion
from lookalike.reverse import training
from lookalike.reverse.recipe import ReaderRecipe
from lookalike.reverse.training import (
    BEST,
    ReaderTask,
    Stage,
    cosines,
    fit,
    read,
    snapshots,
)
from tests.reverse.benches import random_lesson, reader_recipe

STEPS = 6
LOOKS = [2, 4, 6]


def task(
    backbone: LatentDiffusion,
    folder: Path,
    recipe: ReaderRecipe | None = None,
    stages: Sequence[Stage] = (),
) -> ReaderTask:
    lessons = (random_lesson(backbone, 12, 1), random_lesson(backbone, 8, 2))
    return ReaderTask(backbone, recipe or reader_recipe(), *lessons, folder, stages, weighing=True)


def left(folder: Path) -> dict[str, Tensor]:
    """All numbers of all looks in a folder, and the best state."""
    found = {f"best.{k}": v for k, v in load_file(folder / BEST).items()}
    for each in snapshots(folder):
        found[f"{each.step}.train"] = each.train
        found[f"{each.step}.validation"] = each.validation
    return found


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


@pytest.fixture(scope="module")
def unbroken(
    backbone: LatentDiffusion, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Tensor]:
    """What a training that nobody stopped leaves."""
    folder = tmp_path_factory.mktemp("unbroken")
    list(fit(task(backbone, folder)))
    return left(folder)


@pytest.mark.parametrize("stop", range(1, STEPS + 1))
@pytest.mark.parametrize("every", [0.0, 60.0])
def test_a_training_stopped_after_any_step_looks_and_keeps_as_if_unbroken(
    backbone: LatentDiffusion,
    tmp_path: Path,
    unbroken: dict[str, Tensor],
    stop: int,
    every: float,
) -> None:
    running = fit(task(backbone, tmp_path), every)
    begun = [next(running).number for _ in range(stop)]
    running.close()
    rest = [step.number for step in fit(task(backbone, tmp_path), every)]
    assert begun + rest == list(range(1, STEPS + 1))
    assert same(left(tmp_path), unbroken)


@pytest.mark.parametrize("place", range(2 * len(LOOKS)))
def test_a_training_killed_in_a_look_looks_and_keeps_as_if_unbroken(
    backbone: LatentDiffusion,
    tmp_path: Path,
    unbroken: dict[str, Tensor],
    monkeypatch: pytest.MonkeyPatch,
    place: int,
) -> None:
    write, written = training.write_tensors, 0

    def killed(path: Path, tensors: Mapping[str, Tensor]) -> None:
        nonlocal written
        written += 1
        if written > place:
            raise KeyboardInterrupt
        write(path, tensors)

    monkeypatch.setattr(training, "write_tensors", killed)
    try:
        list(fit(task(backbone, tmp_path)))
        stopped = False
    except KeyboardInterrupt:
        stopped = True
    monkeypatch.undo()
    assert stopped == (place < len(LOOKS) + improvements(unbroken))
    list(fit(task(backbone, tmp_path)))
    assert same(left(tmp_path), unbroken)


def improvements(unbroken: dict[str, Tensor]) -> int:
    """How often a look was better than all before it, and its state was kept."""
    means = [float(unbroken[f"{step}.validation"].mean()) for step in LOOKS]
    return sum(mean > max(means[:place], default=-1.0) for place, mean in enumerate(means))


def test_a_finished_training_is_not_trained_again(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    first, again = task(backbone, tmp_path), task(backbone, tmp_path)
    assert len(list(fit(first))) == STEPS
    assert list(fit(again)) == []
    inputs = first.validation.features.inputs
    assert torch.equal(read(first.module, backbone, inputs), read(again.module, backbone, inputs))


def test_the_best_look_is_kept_and_not_the_last(
    backbone: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = iter([0.1, 0.7, 0.4])
    monkeypatch.setattr(
        training, "cosines", lambda *_: torch.full((8,), next(told), dtype=torch.float32)
    )
    lessons = (random_lesson(backbone, 12, 1), random_lesson(backbone, 8, 2))
    one = ReaderTask(backbone, reader_recipe(), *lessons, tmp_path)
    states = {}
    for step in fit(one):
        states[step.number] = {k: v.clone() for k, v in one.module.state_dict().items()}
    best = load_file(tmp_path / BEST)
    assert same(best, states[LOOKS[1]])
    assert same(best, dict(one.module.state_dict()))
    assert not same(best, states[LOOKS[2]])


def test_a_look_is_what_the_state_says_in_use_whatever_the_precision_of_its_steps(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    recipe = reader_recipe("tower", schedule={"bf16": True})
    one = task(backbone, tmp_path, recipe)
    running = fit(one)
    for _ in range(LOOKS[0]):
        next(running)
    expected = cosines(one.module, backbone, one.validation.features)
    next(running)
    running.close()
    assert torch.equal(snapshots(tmp_path)[0].validation, expected)


@pytest.mark.parametrize(("kind", "probing"), [("white", 0.5), ("tower", 0.5), ("white", 1.0)])
def test_weights_that_were_trained_before_rest_while_the_new_layers_begin(
    backbone: LatentDiffusion, tmp_path: Path, kind: str, probing: float
) -> None:
    one = task(backbone, tmp_path, reader_recipe(kind, 4, probing=probing, snapshots=1))
    known = type(one.module).fragile
    before = {k: v.clone() for k, v in one.module.named_parameters()}
    moved: list[set[bool]] = []
    for _ in fit(one):
        now = dict(one.module.named_parameters())
        known_now = {not torch.equal(now[k], before[k]) for k in now if k.startswith(known)}
        moved.append(known_now)
        assert not torch.equal(now["regress.weight"], before["regress.weight"])
    assert moved[:2] == [{False}, {False}]
    assert (True in moved[2]) == (probing < 1)
    after = dict(one.module.named_parameters())
    changed = sum(not torch.equal(after[name], before[name]) for name in after)
    assert len(list(one.learnt())) == changed


def test_a_tower_that_begins_untrained_learns_whole_from_the_first_step(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    one = task(backbone, tmp_path, reader_recipe("tower", 2, scratch=True, snapshots=1))
    before = {k: v.clone() for k, v in one.module.named_parameters()}
    next(fit(one))
    now = dict(one.module.named_parameters())
    assert not torch.equal(
        now["net.embeddings.class_embedding"], before["net.embeddings.class_embedding"]
    )


def test_the_stages_of_a_curriculum_draw_from_their_rows_alone(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    rows = [torch.tensor([7, 2, 5]), torch.tensor([7, 2, 5, 0, 1]), torch.arange(12)]
    stages = [Stage(each, steps) for each, steps in zip(rows, (2, 3, 4), strict=True)]
    one = task(backbone, tmp_path, reader_recipe(steps=9), stages)
    drawn = [set(one.rows(step).tolist()) for step in range(9)]
    for steps, allowed in ((drawn[:2], rows[0]), (drawn[2:5], rows[1]), (drawn[5:], rows[2])):
        assert set().union(*steps) == set(allowed.tolist())


def test_a_reader_is_drawn_from_its_seed_and_leaves_the_chance_of_others_alone(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    one = task(backbone, tmp_path)
    drawn = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(3))
    again = task(backbone, tmp_path)
    assert same(one.module.state_dict(), again.module.state_dict())
    other = task(backbone, tmp_path, reader_recipe(schedule={"seed": 1}))
    assert not same(one.module.state_dict(), other.module.state_dict())
