"""Tuning: stopped anywhere it ends as if unbroken, and what is not its own it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from lookalike.convert.learning import tuning
from lookalike.convert.learning.task import Learner, LearningRecipe
from lookalike.convert.learning.tuning import (
    BEST,
    HISTORY,
    PATIENCE,
    Judge,
    Tuning,
    best_learner,
    parted,
    tune,
)
from lookalike.core.errors import ModelError
from lookalike.models.latent import LatentDiffusion
from lookalike.train.checkpoint import NAME
from tests.convert.learning import PICTURES, contents, hooks, same, short
from tests.convert.learnt import backbone
from tests.engine.tiny import tiny_backbone

__all__ = ["backbone"]  # a fixture

STEPS, JUDGED = 5, 2  # the last step is judged out of turn
SLOW = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def one_level() -> Iterator[None]:
    """What is promised does not depend on how many noise levels a judgement sees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuning, "LEVELS", 1)
        yield


def whole(
    of: LatentDiffusion,
    run: Path,
    recipe: LearningRecipe | None = None,
    every: float = 60.0,
    judged: int = JUDGED,
) -> list[Tuning]:
    return list(tune(of, PICTURES, recipe or short(STEPS), run, every, judged))


def kept(run: Path) -> tuple[bytes, object]:
    return (run / BEST).read_bytes(), json.loads((run / HISTORY).read_text())["losses"]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Tuning], bytes, object]:
    """The steps of a tuning that nobody stopped, its best weights and its losses."""
    run = tmp_path_factory.mktemp("unbroken") / "run"
    steps = whole(_own(), run)
    return (steps, *kept(run))


def _own() -> LatentDiffusion:
    from tests.convert.learnt import family

    return family("sd1")


def losses_are(monkeypatch: pytest.MonkeyPatch, of: Callable[[int], float]) -> None:
    """Judge by a made-up loss, in the order of the judgements."""
    calls: list[int] = []

    def loss(self: Judge, learner: object) -> float:
        calls.append(1)
        return of(len(calls))

    monkeypatch.setattr(Judge, "loss", loss)


def test_steps_are_told_with_the_loss_on_what_is_held_out(
    unbroken: tuple[list[Tuning], bytes, object],
) -> None:
    steps, _, losses = unbroken
    assert [step.number for step in steps] == list(range(1, STEPS + 1))
    assert {step.of for step in steps} == {STEPS}
    told = {step.number: step.held_out for step in steps if step.held_out is not None}
    assert list(told) == [2, 4, 5]
    assert isinstance(losses, dict)
    assert {int(k): v for k, v in losses.items() if k != "0"} == told
    assert steps[-1].best == min((v, int(k)) for k, v in losses.items())[1]


def test_a_tenth_is_held_out_and_never_learnt_from() -> None:
    for count in (2, 9, 10, 11, 100):
        learnt, held = parted(count)
        assert sorted([*learnt, *held]) == list(range(count))
        assert len(held) == -(-count // 10)
        assert learnt


@pytest.mark.parametrize("stop", [*(pytest.param(step, marks=SLOW) for step in (1, 2, 4)), 3, 5])
def test_stopped_after_any_step_it_ends_as_if_unbroken(
    stop: int, tmp_path: Path, unbroken: tuple[list[Tuning], bytes, object]
) -> None:
    work = tune(_own(), PICTURES, short(STEPS), tmp_path, 60.0, JUDGED)
    begun = [next(work) for _ in range(stop)]
    work.close()
    rest = whole(_own(), tmp_path)
    assert [one.loss for one in [*begun, *rest]] == [one.loss for one in unbroken[0]]
    assert kept(tmp_path) == unbroken[1:]


@pytest.mark.parametrize("at", [*(pytest.param(step, marks=SLOW) for step in (2, 4)), 5])
def test_killed_between_the_keeping_of_a_step_and_its_judgement_it_ends_the_same(
    at: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    unbroken: tuple[list[Tuning], bytes, object],
) -> None:
    add = tuning._History.add

    def killed(self: tuning._History, step: int, loss: float, learner: Learner) -> None:
        if step == at:
            raise KeyboardInterrupt  # the step is on disk, since every step is kept; its loss not
        add(self, step, loss, learner)

    monkeypatch.setattr(tuning._History, "add", killed)
    with pytest.raises(KeyboardInterrupt):
        whole(_own(), tmp_path, every=-1.0)
    monkeypatch.undo()
    assert (tmp_path / NAME).exists()
    whole(_own(), tmp_path)
    assert kept(tmp_path) == unbroken[1:]


@pytest.mark.parametrize("lost", [pytest.param(1, marks=SLOW), 3])
def test_with_an_older_checkpoint_than_judgements_it_ends_the_same(
    lost: int, tmp_path: Path, unbroken: tuple[list[Tuning], bytes, object]
) -> None:
    work = tune(_own(), PICTURES, short(STEPS), tmp_path, -1.0, JUDGED)
    for step in work:
        if step.number == lost:
            shutil.copy(tmp_path / NAME, tmp_path / "older")
        if step.number == 4:
            break
    work.close()
    (tmp_path / "older").replace(tmp_path / NAME)
    whole(_own(), tmp_path)
    assert kept(tmp_path) == unbroken[1:]


def test_without_any_checkpoint_left_it_ends_the_same(
    tmp_path: Path, unbroken: tuple[list[Tuning], bytes, object]
) -> None:
    work = tune(_own(), PICTURES, short(STEPS), tmp_path, 60.0, JUDGED)
    for _ in range(3):
        next(work)
    work.close()
    (tmp_path / NAME).unlink()
    whole(_own(), tmp_path)
    assert kept(tmp_path) == unbroken[1:]


def test_a_finished_tuning_has_nothing_left_to_do(tmp_path: Path) -> None:
    whole(_own(), tmp_path)
    before = kept(tmp_path)
    assert whole(_own(), tmp_path) == []
    assert kept(tmp_path) == before


def test_it_ends_when_the_loss_has_not_fallen_for_a_while_and_stays_ended(
    backbone: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses_are(monkeypatch, lambda call: 1.0 if call == 2 else 2.0)  # the first is the start's
    steps = whole(backbone, tmp_path, short(50), judged=1)
    assert [step.number for step in steps if step.ended] == [1 + PATIENCE]
    assert (steps[-1].ended, steps[-1].best) == (True, 1)
    before = kept(tmp_path)
    assert whole(backbone, tmp_path, short(50), judged=1) == []
    assert kept(tmp_path) == before
    assert min(best_learner(backbone, short(50), tmp_path)[1].values()) == 1.0


def test_a_loss_that_falls_now_and_then_goes_on_to_the_last_step(
    backbone: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses_are(monkeypatch, lambda call: -float(call // PATIENCE))
    steps = whole(backbone, tmp_path, short(9), judged=1)
    assert (len(steps), steps[-1].ended) == (9, False)


def test_killed_at_the_judgement_that_ends_it_it_does_not_learn_on(
    backbone: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses_are(monkeypatch, lambda call: float(call))
    add = tuning._History.add

    def killed(self: tuning._History, step: int, loss: float, learner: Learner) -> None:
        if step == PATIENCE:
            raise KeyboardInterrupt
        add(self, step, loss, learner)

    with monkeypatch.context() as patch:
        patch.setattr(tuning._History, "add", killed)
        with pytest.raises(KeyboardInterrupt):
            whole(backbone, tmp_path, short(50), every=-1.0, judged=1)
    assert whole(backbone, tmp_path, short(50), judged=1) == []


def test_what_did_best_is_kept_and_not_what_came_last(
    backbone: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses_are(monkeypatch, lambda call: float(call))  # the start is best
    whole(backbone, tmp_path)
    learner, _ = best_learner(backbone, short(STEPS), tmp_path)
    assert not any(bool(one.any()) for one in learner.additions.weights)


def test_another_tuning_in_the_same_folder_is_refused_in_a_line(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    work = tune(backbone, PICTURES, short(STEPS), tmp_path, 60.0, JUDGED)
    next(work)
    work.close()
    before = kept(tmp_path)
    stranger = tiny_backbone()
    stranger.sha256 = "d" * 64
    for of, pictures, recipe in (
        (backbone, PICTURES[:3], short(STEPS)),
        (backbone, PICTURES[::-1], short(STEPS)),
        (backbone, PICTURES, short(STEPS + 1)),
        (backbone, PICTURES, short(STEPS, text_frame="a dog")),
        (stranger, PICTURES, short(STEPS)),
    ):
        with pytest.raises(ModelError, match="another recipe or another model") as raised:
            next(tune(of, pictures, recipe, tmp_path, 60.0, JUDGED))
        assert "\n" not in str(raised.value)
        assert str(tmp_path) in str(raised.value)
    assert kept(tmp_path) == before


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"losses": {}}', '{"of": {}, "losses": 3}'])
def test_a_damaged_folder_is_told_in_a_line(
    backbone: LatentDiffusion, tmp_path: Path, damage: str
) -> None:
    (tmp_path / HISTORY).write_text(damage)
    with pytest.raises(ModelError, match=r"held-out\.json is damaged; delete") as raised:
        next(tune(backbone, PICTURES, short(STEPS), tmp_path))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("damage", [None, b"", b"\x08\0\0\0\0\0\0\0{}"])
def test_damaged_best_weights_are_told_in_a_line(
    backbone: LatentDiffusion, tmp_path: Path, damage: bytes | None
) -> None:
    if damage is not None:
        (tmp_path / BEST).write_bytes(damage)
    with pytest.raises(ModelError, match=r"missing or damaged; delete") as raised:
        best_learner(backbone, short(STEPS), tmp_path)
    assert "\n" not in str(raised.value)


def test_a_tuning_changes_nothing_of_the_model(tmp_path: Path) -> None:
    of = tiny_backbone()
    before, watching, state = contents(of), hooks(of), torch.get_rng_state()
    attention = dict(of.unet.attn_processors)
    work = tune(of, PICTURES, short(STEPS), tmp_path, 60.0, JUDGED)
    next(work)
    work.close()
    assert same(contents(of), before)
    assert (hooks(of), dict(of.unet.attn_processors)) == (watching, attention)
    assert torch.equal(torch.get_rng_state(), state)
