"""Learning online: from the pictures themselves, once, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from PIL.Image import Image

from lookalike.convert import converters
from lookalike.convert.closed_form import ClosedForm
from lookalike.convert.learning import online
from lookalike.convert.learning.artefact import save_learner
from lookalike.convert.learning.task import Learner, LearningRecipe, LearningTask
from lookalike.convert.online import MOST, Online
from lookalike.core.embedding import Embedding
from lookalike.core.errors import ModelError, OptionError
from lookalike.models.backbone import Backbone
from lookalike.models.latent import LatentDiffusion
from lookalike.models.store import Models
from lookalike.train.loop import train
from lookalike.world.look import draw
from lookalike.world.render import render
from tests.convert.learning import PICTURES, contents, forget, same, short
from tests.convert.learnt import backbone, each
from tests.engine.tiny import noise_picture, tiny_backbone

__all__ = ["backbone", "each"]  # fixtures

FEW = Online(steps=2, batch=2, prompts=2)


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    forget()


def added(made: Embedding) -> dict[str, torch.Tensor]:
    assert made.adjustment is not None
    return dict(made.adjustment.additions)


def test_a_step_at_a_vanishing_rate_is_the_closed_form(each: LatentDiffusion) -> None:
    made = Online(steps=1, batch=1, prompts=2, rate=1e-30, prompt_rate=1e-30).convert(
        each, PICTURES[:2]
    )
    plain = ClosedForm().convert(each, PICTURES[:2])
    torch.testing.assert_close(made.tokens, plain.tokens, rtol=1e-5, atol=1e-5)
    if plain.pooled is not None:
        torch.testing.assert_close(made.pooled, plain.pooled, rtol=1e-5, atol=1e-5)
    assert max(float(one.abs().max()) for one in added(made).values()) < 1e-20


def test_it_learns_and_is_deterministic_and_changes_nothing(backbone: LatentDiffusion) -> None:
    before, state = contents(backbone), torch.get_rng_state()
    first = FEW.convert(backbone, PICTURES[:2])
    forget()
    again = FEW.convert(backbone, PICTURES[:2])
    assert first is not again
    assert torch.equal(first.tokens, again.tokens)
    assert same(added(first), added(again))
    assert not torch.equal(first.tokens, ClosedForm().convert(backbone, PICTURES[:2]).tokens)
    assert any(bool(one.any()) for one in added(first).values())
    assert same(contents(backbone), before)
    assert torch.equal(torch.get_rng_state(), state)


def test_pictures_and_edits_are_learnt_once(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn, calls = online.learn, []

    def counted(
        of: Backbone,
        pictures: Sequence[Image],
        recipe: LearningRecipe,
        start: Path | None = None,
    ) -> Embedding:
        calls.append(len(pictures))
        return learn(of, pictures, recipe, start)

    monkeypatch.setattr(online, "learn", counted)
    FEW.convert(backbone, PICTURES[:1])
    edited = FEW.edit(backbone, PICTURES[:1], "a hat")
    Online(steps=2, batch=2, prompts=2).convert(backbone, [PICTURES[0].copy()])
    assert calls == [1]
    assert edited.adjustment is not None
    FEW.convert(backbone, PICTURES[1:2])
    Online(steps=1, batch=2, prompts=2).convert(backbone, PICTURES[:1])
    assert calls == [1, 1, 1]


def test_rows_share_what_was_learnt(backbone: LatentDiffusion) -> None:
    made = FEW.convert(backbone, PICTURES[:3])
    assert len(made) == 3
    assert made.take(0).adjustment is made.take(2).adjustment


@pytest.mark.parametrize("count", [0, MOST + 1])
def test_too_many_pictures_or_none_are_refused(backbone: LatentDiffusion, count: int) -> None:
    many = [noise_picture(seed=seed) for seed in range(count)]
    with pytest.raises(OptionError, match=f"1 to {MOST} pictures of one subject, not {count}"):
        FEW.convert(backbone, many)


@pytest.fixture
def domain(backbone: LatentDiffusion, tmp_path: Path) -> Path:
    """A domain's file with three prompts, of another scope than usual, and an open gate."""
    learner = Learner(backbone, short(prompts=3, scope="attention"))
    assert learner.prompts is not None
    learner.prompts.gate.data.fill_(0.5)
    path = tmp_path / "domain.safetensors"
    save_learner(path, learner, backbone, short(prompts=3, scope="attention"), {})
    return path


def test_it_begins_from_a_domains_file(backbone: LatentDiffusion, domain: Path) -> None:
    still = Online(steps=1, batch=1, rate=1e-30, prompt_rate=1e-30, start=str(domain))
    assert still.files == (str(domain),)
    tuned = converters.make("tuned", {"weights": str(domain)}).convert(backbone, PICTURES[:1])
    begun = still.convert(backbone, PICTURES[:1])
    torch.testing.assert_close(begun.tokens, tuned.tokens, rtol=1e-4, atol=1e-4)
    assert added(begun).keys() == added(tuned).keys()
    assert not torch.allclose(tuned.tokens, ClosedForm().convert(backbone, PICTURES[:1]).tokens)


def test_a_changed_file_to_begin_from_is_begun_from_anew(
    backbone: LatentDiffusion, domain: Path
) -> None:
    by = Online(steps=1, batch=1, start=str(domain))
    before = by.convert(backbone, PICTURES[:1]).tokens
    save_learner(domain, Learner(backbone, short()), backbone, short(), {})
    assert not torch.equal(by.convert(backbone, PICTURES[:1]).tokens, before)


def test_a_wrong_file_to_begin_from_is_refused_in_a_line(
    backbone: LatentDiffusion, domain: Path, tmp_path: Path
) -> None:
    other = tiny_backbone()
    other.sha256 = "d" * 64
    (tmp_path / "foreign.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    for of, file, said in (
        (other, domain, "was tuned on"),
        (backbone, tmp_path / "gone.safetensors", "no weight file"),
        (backbone, tmp_path / "foreign.safetensors", "not a file that `lookalike tune` wrote"),
    ):
        with pytest.raises(ModelError, match=said) as raised:
            Online(steps=1, start=str(file)).convert(of, PICTURES[:1])
        assert "\n" not in str(raised.value)


def fixed(task: LearningTask) -> float:
    """The task's own loss at the noise and levels of some steps that no training sees."""
    task.module.eval()
    with torch.no_grad(), task.lent():
        return sum(float(task.loss(step)[0]) for step in range(1000, 1003)) / 3


def test_on_mini_a_few_steps_lower_the_reference_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path))
    with Models(device="cpu").use("mini") as mini:
        recipe = Online(steps=6, batch=4).recipe().model_copy(update={"caption_drop": 0.0})
        picture = render(draw(123), mini.pixels)
        task = LearningTask(mini, [picture], recipe)
        before = fixed(task)
        for _ in train(task, None):
            pass
        assert fixed(task) < before - 1e-4
