"""A mini that was exported is a start like any run: its training goes on from there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lookalike.core.errors import ModelError
from lookalike.core.files import read_json
from lookalike.mini.export import export
from lookalike.mini.recipe import MiniRecipe
from lookalike.mini.training import task_of, train_part
from lookalike.mini.unet import UnetTask
from lookalike.mini.unpacking import unpack
from lookalike.train.checkpoint import trained_samples, trained_weights
from tests.mini.conftest import Place

PARTS = ("clip", "vae", "unet", "probe")


def changed(place: Place, part: str, **other: object) -> MiniRecipe:
    own = getattr(place.recipe, part).model_copy(update=other)
    return place.recipe.model_copy(update={part: own})


def test_what_is_unpacked_and_exported_again_is_the_same_mini(
    place: Place, exported: Path, tmp_path: Path
) -> None:
    unpack(exported / "mini", tmp_path / "run")
    list(export(place.recipe, tmp_path / "run", place.data, tmp_path / "out"))
    for folder in ("unet", "vae", "clip", "text_encoder"):
        for file in (exported / "mini" / folder).glob("*.safetensors"):
            again = tmp_path / "out" / "mini" / folder / file.name
            assert again.read_bytes() == file.read_bytes(), file
    told = read_json(tmp_path / "out" / "mini" / "model.json")
    assert told == read_json(exported / "mini" / "model.json")
    assert told["samples"] == 3 * 4


def test_a_unet_is_trained_on_from_a_mini_and_takes_what_it_stands_on(
    place: Place, exported: Path, tmp_path: Path
) -> None:
    run, start = tmp_path / "run", exported / "mini"
    steps = list(train_part("unet", place.recipe, run, place.data, start=start))
    assert len(steps) == 3
    assert trained_samples(run / "unet") == 2 * 3 * 4
    for part in ("clip", "vae"):
        theirs, own = trained_weights(place.run / part), trained_weights(run / part)
        for name, weight in own.items():
            torch.testing.assert_close(weight, theirs[name], rtol=1e-3, atol=1e-3)
    again = list(train_part("unet", place.recipe, run, place.data, start=start))
    assert again == []
    list(export(place.recipe, run, place.data, tmp_path / "out"))
    probe = Path("probe") / "model.safetensors"
    assert (tmp_path / "out" / probe).read_bytes() == (exported / probe).read_bytes()


def test_a_start_that_lacks_what_the_part_stands_on_is_told(place: Place, tmp_path: Path) -> None:
    (tmp_path / "start" / "unet").mkdir(parents=True)
    with pytest.raises(ModelError, match="holds no tokenizer") as raised:
        next(
            train_part("unet", place.recipe, tmp_path / "run", place.data, start=tmp_path / "start")
        )
    assert "\n" not in str(raised.value)


def test_a_damaged_mini_is_told_and_leaves_nothing(exported: Path, tmp_path: Path) -> None:
    import shutil

    broken = tmp_path / "mini"
    shutil.copytree(exported / "mini", broken)
    for file in (broken / "unet").glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ModelError, match="cannot be taken apart") as raised:
        unpack(broken, tmp_path / "run")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "run").exists()
    (broken / "recipe.json").write_text('{"pictures": 3}')
    with pytest.raises(ModelError, match="cannot be taken apart") as raised:
        unpack(broken, tmp_path / "run")
    assert "\n" not in str(raised.value)


def test_a_decoder_that_learns_alone_leaves_latents_as_they_are(
    place: Place, exported: Path, tmp_path: Path
) -> None:
    recipe = changed(place, "vae", decoder_alone=True)
    run = tmp_path / "run"
    list(train_part("vae", recipe, run, place.data, start=exported / "mini"))
    theirs, own = trained_weights(run / "start" / "vae"), trained_weights(run / "vae")
    moved = {name for name, weight in own.items() if not torch.equal(weight, theirs[name])}
    assert moved
    assert all(name.startswith(("decoder.", "post_quant_conv.")) for name in moved)


def test_a_share_of_noise_levels_is_drawn_around_the_middle(
    place: Place, losses: dict[str, list[float]]
) -> None:
    task = task_of("unet", place.recipe, place.run, place.data)
    assert isinstance(task, UnetTask)

    def inner_half(share: float) -> float:
        task.recipe = task.recipe.model_copy(update={"middle": share})
        level = task.levels_of(4000, task.chance(0))
        assert 0 <= int(level.min()) <= int(level.max()) < len(task.levels)
        return float(((level >= 250) & (level < 750)).float().mean())

    assert inner_half(0.0) == pytest.approx(0.5, abs=0.03)
    # The logit of a quarter is 1.0986: the normal distribution has .728 between there and -there.
    assert inner_half(1.0) == pytest.approx(0.728, abs=0.03)
    assert inner_half(0.5) == pytest.approx(0.614, abs=0.03)
