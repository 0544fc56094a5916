"""Every part of mini trains by its recipe, and resumes as if it had not been stopped."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest
import torch

from lookalike.core.errors import ModelError, OptionError
from lookalike.mini import unet as unets
from lookalike.mini.recipe import TRAINED
from lookalike.mini.sheets import sample_sheet
from lookalike.mini.training import task_of, train_part, trained_vae
from lookalike.train.checkpoint import trained_weights
from tests.mini.conftest import Place


@pytest.mark.parametrize("part", TRAINED)
def test_a_part_trains_for_the_steps_of_its_recipe(
    losses: dict[str, list[float]], part: str
) -> None:
    assert len(losses[part]) == 3
    assert all(math.isfinite(loss) for loss in losses[part])


@pytest.mark.parametrize("part", TRAINED)
def test_a_part_that_was_stopped_goes_on_as_if_unbroken(
    place: Place, losses: dict[str, list[float]], tmp_path: Path, part: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(place.run, run, ignore=shutil.ignore_patterns(part, "out"))
    running = train_part(part, place.recipe, run, place.data)
    begun = [next(running).loss]
    running.close()
    rest = [step.loss for step in train_part(part, place.recipe, run, place.data)]
    assert begun + rest == losses[part]
    whole, broken = trained_weights(place.run / part), trained_weights(run / part)
    assert all(torch.equal(whole[name], broken[name]) for name in whole)


@pytest.mark.parametrize("missing", ["clip", "vae"])
def test_the_unet_wants_what_it_stands_on_trained_first(
    place: Place, losses: dict[str, list[float]], tmp_path: Path, missing: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(place.run, run, ignore=shutil.ignore_patterns(missing, "unet", "out"))
    with pytest.raises(ModelError, match="train this part first") as raised:
        next(train_part("unet", place.recipe, run, place.data))
    assert str(run / missing) in str(raised.value)


def test_an_unknown_part_is_refused_with_the_nearest(place: Place) -> None:
    with pytest.raises(OptionError, match="did you mean unet") as raised:
        task_of("unett", place.recipe, place.run, place.data)
    assert "\n" not in str(raised.value)


def test_a_recipe_without_a_judge_trains_none(place: Place) -> None:
    own = place.recipe.model_copy(update={"judge": None})
    with pytest.raises(OptionError, match="has no judge") as raised:
        task_of("judge", own, place.run, place.data)
    assert "\n" not in str(raised.value)


def test_latents_have_unit_variance_and_are_computed_once(
    place: Place,
    losses: dict[str, list[float]],
    pictures: unets.Dataset,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vae = trained_vae(place.recipe, place.run, pictures)
    monkeypatch.setattr(unets, "encode_all", lambda *_: pytest.fail("encoded again"))
    kept = unets.cached_latents(vae, pictures, place.run / "latents.safetensors")
    assert kept.shape == (24, 4, 16, 16)
    assert float(kept.float().std()) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("part", ["vae", "unet"])
def test_parts_that_make_pictures_have_a_sample_sheet(
    place: Place, losses: dict[str, list[float]], part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    from lookalike.mini import sheets

    monkeypatch.setattr(sheets, "TILES", 2)
    monkeypatch.setattr(sheets, "STEPS", 1)
    path = sample_sheet(part, place.recipe, place.run, place.data)
    assert path is not None
    with Image.open(path) as page:
        assert page.mode == "RGB"
        assert page.width > page.height > 64


@pytest.mark.parametrize("part", ["clip", "probe", "judge"])
def test_parts_that_make_no_pictures_have_none(place: Place, part: str) -> None:
    assert sample_sheet(part, place.recipe, place.run, place.data) is None
