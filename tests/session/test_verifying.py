"""Descriptions put to the test by pictures made of them."""

from __future__ import annotations

import pytest
import torch
from PIL.Image import Image

from lookalike.core.errors import OptionError
from lookalike.core.records import Description, Settings
from lookalike.engine.rows import sampled
from lookalike.engine.run import Progress
from lookalike.models.latent import LatentDiffusion
from lookalike.session.verifying import check_verify, verified
from lookalike.session.work import Run
from tests.engine.tiny import backbone, noise_picture, one_thread, own_cache

__all__ = ["backbone", "one_thread", "own_cache"]

PLAIN = Settings(steps=2, guidance=1.0)
TEXTS = ["a cat", "a very small dog in the rain", "blue", "round", "a red house by the sea"]


def descriptions(texts: list[str]) -> list[Description]:
    return [
        Description(text=text, score=1 - i / 10, by="phrases", parts=((text, 0.5),))
        for i, text in enumerate(texts)
    ]


def checked(
    backbone: LatentDiffusion, pictures: list[Image], texts: list[list[str]], seeds: int
) -> tuple[list[Progress], list[list[Description]]]:
    run = Run(verified(backbone, pictures, [descriptions(t) for t in texts], seeds, PLAIN))
    return list(run), run.result()


def likeness(backbone: LatentDiffusion, text: str, seeds: int, picture: Image) -> float:
    """The mean cosine, worked out picture by picture."""
    made = [sampled(backbone, backbone.embed([text]), PLAIN, [seed])[0] for seed in range(seeds)]
    seen = backbone.clip.see([picture, *made]).projected
    near = torch.nn.functional.cosine_similarity(seen[:1], seen[1:])
    return float(near.mean())


def test_likeness_is_the_mean_cosine_of_pictures_from_the_same_seeds(
    backbone: LatentDiffusion,
) -> None:
    picture = noise_picture(seed=1)
    _, (found,) = checked(backbone, [picture], [TEXTS[:2]], 2)
    for one in found:
        expected = likeness(backbone, one.text, 2, picture)
        assert one.likeness == pytest.approx(expected, abs=1e-3)


def test_the_most_like_come_first_and_nothing_else_of_them_changes(
    backbone: LatentDiffusion,
) -> None:
    given = descriptions(TEXTS)
    _, (found,) = checked(backbone, [noise_picture(seed=2)], [TEXTS], 1)
    ranks = [one.likeness for one in found]
    assert ranks == sorted(ranks, key=lambda each: -(each or 0))
    assert [one.text for one in found] != TEXTS
    bare = {one.text: one.model_copy(update={"likeness": None}) for one in found}
    assert [bare[one.text] for one in given] == given


def test_each_picture_is_compared_with_its_own(backbone: LatentDiffusion) -> None:
    first, second = noise_picture(seed=3), noise_picture(seed=4)
    _, (one, other) = checked(backbone, [first, second], [TEXTS[:2], TEXTS[2:]], 1)
    assert {each.text for each in one} == set(TEXTS[:2])
    assert {each.text for each in other} == set(TEXTS[2:])
    for picture, each in ((first, one[0]), (second, other[0])):
        expected = likeness(backbone, each.text, 1, picture)
        assert each.likeness == pytest.approx(expected, abs=1e-3)


def test_the_same_twice_and_progress_counts_every_step_of_every_picture(
    backbone: LatentDiffusion,
) -> None:
    progress, found = checked(backbone, [noise_picture()], [TEXTS], 4)
    assert {each.of for each in progress} == {len(TEXTS) * 4 * 2}
    counts = [each.step for each in progress]
    assert counts == [16, 32, 36, 40]
    assert checked(backbone, [noise_picture()], [TEXTS], 4)[1] == found


@pytest.mark.parametrize("seeds", [-1, 17])
def test_a_number_of_pictures_out_of_bounds_is_refused(seeds: int) -> None:
    with pytest.raises(OptionError, match=f"0 to 16 pictures of a prompt, not {seeds}"):
        check_verify(seeds)
