"""The loop: same seed same picture, one progress a level, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Denoise, Plan, Wrap
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import draw_seeds, embedding_plan, text_plan
from lookalike.engine.run import decode, run, steps
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import noise_picture


def asked(count: int = 4, guidance: float = 3.0) -> Prompt:
    return Prompt.of("a red cat", settings=Settings(steps=count, guidance=guidance))


def plan_of(backbone: LatentDiffusion, seeds: tuple[int, ...] = (1,), count: int = 4) -> Plan:
    return text_plan(backbone, asked(count), seeds)


def varied(backbone: LatentDiffusion, strength: float, count: int = 10) -> Plan:
    return embedding_plan(
        backbone,
        asked(count),
        backbone.embed(["a red cat"]),
        (1,),
        picture=noise_picture(),
        strength=strength,
    )


def pixels(backbone: LatentDiffusion, plan: Plan) -> list[bytes]:
    return [picture.tobytes() for picture in run(backbone, plan)]


def test_the_same_seed_gives_the_same_picture_bit_for_bit(backbone: LatentDiffusion) -> None:
    first, second = (pixels(backbone, plan_of(backbone, draw_seeds(5, 2))) for _ in range(2))
    assert first == second
    assert first[0] != first[1]
    assert first[0] != pixels(backbone, plan_of(backbone, (9, 6)))[0]


def test_the_text_decides_the_picture_too(backbone: LatentDiffusion) -> None:
    other = text_plan(backbone, Prompt.of("a blue dog", settings=asked().settings), (1,))
    assert pixels(backbone, plan_of(backbone)) != pixels(backbone, other)


@pytest.mark.parametrize(
    ("aspect", "size"), [("1:1", (32, 32)), ("2:1", (44, 24)), ("2:3", (28, 40))]
)
def test_pictures_have_the_size_that_was_planned(
    backbone: LatentDiffusion, aspect: str, size: tuple[int, int]
) -> None:
    prompt = Prompt.of("a cat", settings=Settings(steps=1, aspect=aspect))
    pictures = run(backbone, text_plan(backbone, prompt, (1, 2)))
    assert [picture.size for picture in pictures] == [size, size]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_every_level_yields_one_progress(backbone: LatentDiffusion, count: int) -> None:
    seen = list(steps(backbone, plan_of(backbone, count=count)))
    assert [(one.step, one.of) for one in seen] == [(n + 1, count) for n in range(count)]
    assert {one.preview.shape for one in seen} == {(1, 4, 16, 16)}


@pytest.mark.parametrize(("strength", "left"), [(1.0, 10), (0.5, 5), (0.1, 1), (0.01, 1)])
def test_a_run_that_starts_from_a_picture_runs_its_share_of_the_levels(
    backbone: LatentDiffusion, strength: float, left: int
) -> None:
    seen = list(steps(backbone, varied(backbone, strength)))
    assert [(one.step, one.of) for one in seen] == [(n + 1, left) for n in range(left)]


def test_the_last_preview_is_the_result(backbone: LatentDiffusion) -> None:
    plan = plan_of(backbone)
    *_, last = steps(backbone, plan)
    assert [p.tobytes() for p in decode(backbone, plan, last)] == pixels(backbone, plan)


class Recorded:
    """A wrap that keeps the latents and levels that the model is shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[Tensor, int]] = []

    def __call__(self, denoise: Denoise) -> Denoise:
        def recording(x: Tensor, level: Tensor, told: Embedding) -> Tensor:
            self.seen.append((x, int(level)))
            return denoise(x, level, told)

        return recording


def begin(backbone: LatentDiffusion, plan: Plan) -> tuple[Tensor, int]:
    """What the model is shown first."""
    wrap = Recorded()
    running = steps(backbone, replace(plan, wraps=(wrap,)))
    next(running)
    running.close()
    return wrap.seen[0]


def test_less_strength_starts_nearer_to_the_picture(backbone: LatentDiffusion) -> None:
    # Latents of unit variance, which a random autoencoder does not give.
    clean = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(9))
    plans = [replace(varied(backbone, s), clean=clean) for s in (1.0, 0.7, 0.4, 0.1)]
    starts = [begin(backbone, plan) for plan in plans]
    near = [float(torch.cosine_similarity(x.flatten(), clean.flatten(), 0)) for x, _ in starts]
    assert near == sorted(near)
    assert abs(near[0]) < 0.2
    assert near[-1] > 0.9
    levels = [level for _, level in starts]
    assert levels == sorted(levels, reverse=True)


def test_a_start_from_a_picture_is_its_latents_noised_to_the_first_level(
    backbone: LatentDiffusion,
) -> None:
    plan = varied(backbone, 0.5)
    x, level = begin(backbone, plan)
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    alpha = float((1 - betas).cumprod(0)[level])
    assert plan.clean is not None
    by_hand = alpha**0.5 * plan.clean + (1 - alpha) ** 0.5 * plan.start
    torch.testing.assert_close(x, by_hand, rtol=1e-3, atol=1e-3)


def knowing(answer: Tensor) -> Wrap:
    """A wrap in which the model knows the picture that it is to make."""

    def wrap(denoise: Denoise) -> Denoise:
        return lambda x, level, told: answer.expand_as(x)

    return wrap


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_a_model_that_knows_the_picture_ends_with_it(
    backbone: LatentDiffusion, strength: float
) -> None:
    answer = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(3))
    plan = replace(varied(backbone, strength), wraps=(knowing(answer),))
    *_, last = steps(backbone, plan)
    torch.testing.assert_close(last.preview, answer, rtol=1e-4, atol=1e-4)


def adding(amount: float, name: str, told: list[str]) -> Wrap:
    def wrap(denoise: Denoise) -> Denoise:
        def changed(x: Tensor, level: Tensor, embedding: Embedding) -> Tensor:
            told.append(name)
            return denoise(x, level, embedding) + amount

        return changed

    return wrap


def test_wraps_are_put_around_every_call_the_last_outermost(backbone: LatentDiffusion) -> None:
    told: list[str] = []
    wraps = (adding(0.0, "inner", told), adding(0.0, "outer", told))
    list(steps(backbone, replace(plan_of(backbone, count=3), wraps=wraps)))
    assert told == ["outer", "inner"] * 2 * 3  # with the text and without it, in three steps


def test_what_a_wrap_changes_is_what_the_run_follows(backbone: LatentDiffusion) -> None:
    plan = plan_of(backbone, count=1)
    *_, plain = steps(backbone, plan)
    *_, moved = steps(backbone, replace(plan, wraps=(adding(0.25, "", []),)))
    torch.testing.assert_close(moved.preview, plain.preview + 0.25, rtol=1e-4, atol=1e-4)


class Marks:
    """Injections that leave a mark on the U-Net for as long as they are in it."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.story: list[str] = []

    def injection(self, name: str) -> Callable[[Any], Any]:
        @contextmanager
        def inject(backbone: Any) -> Iterator[None]:
            self.inside.append(name)
            try:
                yield
            finally:
                self.inside.remove(name)
                self.story.append(name)

        return inject

    def failing(self, backbone: Any) -> Any:
        raise RuntimeError("cannot be injected")


@pytest.fixture
def marks() -> Marks:
    return Marks()


@pytest.fixture
def injected(backbone: LatentDiffusion, marks: Marks) -> Plan:
    both = (marks.injection("first"), marks.injection("second"))
    return replace(plan_of(backbone), injections=both)


def test_injections_are_in_during_the_run_and_taken_back_at_its_end(
    backbone: LatentDiffusion, marks: Marks, injected: Plan
) -> None:
    running = steps(backbone, injected)
    assert marks.inside == []
    next(running)
    assert marks.inside == ["first", "second"]
    list(running)
    assert (marks.inside, marks.story) == ([], ["second", "first"])


def test_injections_are_taken_back_when_the_run_is_closed_half_way(
    backbone: LatentDiffusion, marks: Marks, injected: Plan
) -> None:
    running = steps(backbone, injected)
    next(running)
    running.close()
    assert (marks.inside, marks.story) == ([], ["second", "first"])


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError])
def test_injections_are_taken_back_when_the_model_raises(
    backbone: LatentDiffusion, marks: Marks, injected: Plan, fault: type[BaseException]
) -> None:
    def wrap(denoise: Denoise) -> Denoise:
        def failing(x: Tensor, level: Tensor, told: Embedding) -> Tensor:
            assert marks.inside == ["first", "second"]
            raise fault

        return failing

    with pytest.raises(fault):
        run(backbone, replace(injected, wraps=(wrap,)))
    assert marks.inside == []


def test_an_injection_that_fails_takes_those_before_it_back(
    backbone: LatentDiffusion, marks: Marks
) -> None:
    both = (marks.injection("first"), marks.failing)
    with pytest.raises(RuntimeError, match="cannot be injected"):
        run(backbone, replace(plan_of(backbone), injections=both))
    assert (marks.inside, marks.story) == ([], ["first"])


def test_a_run_leaves_the_plan_and_the_model_as_they_were(backbone: LatentDiffusion) -> None:
    plan = plan_of(backbone)
    start = plan.start.clone()
    before = {name: value.clone() for name, value in backbone.unet.state_dict().items()}
    run(backbone, plan)
    assert torch.equal(plan.start, start)
    after = backbone.unet.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
