"""What the U-Net is trained on: words dropped, noise at every level, v to be found."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from lookalike.mini.clip import tokens
from lookalike.mini.training import task_of
from lookalike.mini.unet import UnetTask, noise_schedule, without_words
from lookalike.train.task import Task
from tests.mini.conftest import Place

TEXTS = ["a cat", "a person with tan skin", ""]


def states(count: int = 3, length: int = 9) -> Tensor:
    return torch.randn(count, length, 4, generator=torch.Generator().manual_seed(0))


def test_word_states_give_way_to_the_end_state_and_nothing_else_changes() -> None:
    told, ends = states(), torch.tensor([4, 1, 8])
    made = without_words(told, ends, torch.tensor([True, True, True]))
    for row, end in enumerate(ends.tolist()):
        assert torch.equal(made[row, 0], told[row, 0])
        assert torch.equal(made[row, end:], told[row, end:])
        assert bool((made[row, 1:end] == told[row, end]).all())


def test_captions_that_keep_their_words_are_bit_identical() -> None:
    told = states()
    made = without_words(told, torch.tensor([4, 5, 6]), torch.tensor([False, True, False]))
    assert torch.equal(made[0], told[0])
    assert torch.equal(made[2], told[2])
    assert not torch.equal(made[1], told[1])


def test_the_last_level_is_pure_noise() -> None:
    schedule = noise_schedule()
    assert float(schedule.alphas_cumprod[-1]) == pytest.approx(0, abs=1e-7)
    assert float(schedule.alphas_cumprod[0]) > 0.99
    assert schedule.config["prediction_type"] == "v_prediction"
    assert schedule.config["timestep_spacing"] == "trailing"


@pytest.fixture
def task(place: Place, losses: dict[str, list[float]]) -> UnetTask:
    made: Task[Any] = task_of("unet", place.recipe, place.run, place.data)
    assert isinstance(made, UnetTask)
    return made


def told_by(task: UnetTask, **shares: float) -> Tensor:
    task.recipe = task.recipe.model_copy(update=shares)
    chance = task.chance(0)
    empty = torch.rand(len(TEXTS), generator=chance) < task.recipe.caption_drop
    bare = torch.rand(len(TEXTS), generator=chance) < task.recipe.word_drop
    return task.read(tokens(task.tokenizer, TEXTS), empty, bare)


def own_states(task: UnetTask, texts: list[str]) -> Tensor:
    with torch.no_grad():
        return task.text(input_ids=tokens(task.tokenizer, texts)).last_hidden_state


@pytest.mark.slow
def test_without_drops_the_unet_reads_the_text_towers_final_states(task: UnetTask) -> None:
    assert torch.equal(told_by(task, caption_drop=0.0, word_drop=0.0), own_states(task, TEXTS))


def test_a_dropped_caption_is_the_empty_one(task: UnetTask) -> None:
    dropped = told_by(task, caption_drop=1.0, word_drop=1.0)
    assert torch.equal(dropped, own_states(task, [""] * 3))


def test_dropped_words_leave_start_end_and_pads(task: UnetTask) -> None:
    dropped, whole = told_by(task, caption_drop=0.0, word_drop=1.0), own_states(task, TEXTS)
    end = tokens(task.tokenizer, TEXTS)[1].tolist().index(task.tokenizer.eos_token_id)
    assert end > 2
    assert torch.equal(dropped[1, 0], whole[1, 0])
    assert torch.equal(dropped[1, end:], whole[1, end:])
    assert bool((dropped[1, 1:end] == whole[1, end]).all())


def test_captions_are_dropped_in_the_recipes_shares(task: UnetTask) -> None:
    for share in (0.0, 1.0):
        task.recipe = task.recipe.model_copy(update={"caption_drop": share, "word_drop": share})
        drawn = task.draw(0)
        assert drawn.empty.tolist() == drawn.bare.tolist() == [bool(share)] * len(drawn.which)


def test_the_loss_is_the_mean_square_error_of_v(task: UnetTask) -> None:
    seen: dict[str, Tensor] = {}

    def module(noisy: Tensor, level: Tensor, told: Tensor) -> Any:
        seen.update(noisy=noisy, level=level)
        return SimpleNamespace(sample=torch.zeros_like(noisy))

    task.module = module
    loss, _ = task.loss(1)
    clean = task.latents[task.order(1, len(task.data))].float()
    alpha = noise_schedule().alphas_cumprod.double()[seen["level"]][:, None, None, None]
    noise = (seen["noisy"] - alpha.sqrt() * clean) / (1 - alpha).sqrt()
    v = alpha.sqrt() * noise - (1 - alpha).sqrt() * clean
    assert float(loss) == pytest.approx(float(v.square().mean()), rel=1e-3)


def test_a_step_is_the_same_every_time_and_differs_from_the_next(task: UnetTask) -> None:
    assert float(task.loss(1)[0].detach()) == float(task.loss(1)[0].detach())
    assert float(task.loss(1)[0].detach()) != float(task.loss(2)[0].detach())
