"""The exported mini is a model like any other: stock libraries load it, and so do we."""

from __future__ import annotations

import json
import warnings
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CLIPModel

from lookalike.convert.calibration import constants_of
from lookalike.convert.closed_form import ClosedForm
from lookalike.core.errors import ModelError
from lookalike.core.records import Prompt, Settings
from lookalike.describe.bank import bank_of
from lookalike.engine.plan import text_plan
from lookalike.engine.run import run
from lookalike.mini.export import export, export_judge
from lookalike.models.backbone import Backbone
from lookalike.models.familiar import familiarity
from lookalike.models.probe import Probe
from lookalike.models.quiet import quiet
from lookalike.train.checkpoint import trained_weights
from lookalike.world.caption import bank
from lookalike.world.look import foreign_looks, looks
from lookalike.world.render import render
from lookalike.world.style import foreign_values, styles, values
from tests.mini.conftest import Place

TEXT = "a person with tan skin, micah style"


@pytest.fixture(scope="module")
def pipeline(exported: Path) -> Any:
    """The exported folder, as stock diffusers loads it."""
    from diffusers import StableDiffusionPipeline

    with warnings.catch_warnings(), quiet():
        warnings.simplefilter("ignore")  # of other people's libraries
        return StableDiffusionPipeline.from_pretrained(exported / "mini", safety_checker=None)


def test_stock_diffusers_makes_a_picture(pipeline: Any) -> None:
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = pipeline(TEXT, num_inference_steps=2, generator=generator).images
    assert [picture.size for picture in made] == [(32, 32)]
    assert len(made[0].getcolors(32 * 32)) > 1


def test_stock_diffusers_and_ours_read_a_text_alike(pipeline: Any, mini: Backbone) -> None:
    with torch.no_grad():
        theirs, _ = pipeline.encode_prompt(TEXT, "cpu", 1, False)
    torch.testing.assert_close(mini.embed([TEXT]).tokens, theirs.float(), rtol=1e-3, atol=1e-3)


def test_stock_transformers_loads_clip_and_sees_and_reads_as_ours(
    exported: Path, mini: Backbone
) -> None:
    with quiet():
        model = CLIPModel.from_pretrained(exported / "mini" / "clip").float().eval()
    picture = render(next(looks("test")), 32)
    ids = mini.clip.tower.ids([TEXT])
    with torch.no_grad():
        both = model(input_ids=ids, pixel_values=mini.clip.preprocess([picture]))
    ours = torch.nn.functional.normalize(mini.clip.see([picture]).projected, dim=-1)
    torch.testing.assert_close(both.image_embeds, ours, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(both.text_embeds, mini.clip.project([TEXT]), rtol=1e-3, atol=1e-3)


def test_pictures_are_prepared_as_in_training(mini: Backbone) -> None:
    picture = render(next(looks("test")), 32)
    made = mini.clip.preprocess([picture])
    by_hand = torch.tensor(list(picture.tobytes())).reshape(1, 32, 32, 3).permute(0, 3, 1, 2)
    torch.testing.assert_close(made, by_hand / 127.5 - 1, rtol=1e-4, atol=1e-4)


def test_shipped_weights_are_the_moving_average_in_half_precision(
    place: Place, mini: Backbone
) -> None:
    average = trained_weights(place.run / "unet")
    for name, weight in mini.unet.state_dict().items():
        assert torch.equal(weight, average[name].half().float()), name


def test_the_closed_form_and_the_gauge_are_measured_and_stored(
    place: Place, mini: Backbone
) -> None:
    constants = constants_of(mini)
    assert constants.source.startswith("10 captioned pictures")
    assert constants.cosine is not None
    state = ClosedForm().convert(mini, [render(next(looks("test")), 32)]).tokens[0, 1]
    assert float(state.norm()) == pytest.approx(constants.norm, rel=1e-4)
    found = familiarity(mini, [render(one, 32) for one in islice(looks("train"), 2)])
    assert found is not None
    assert len(found) == 2


def test_mini_is_described_in_the_words_of_the_world(mini: Backbone) -> None:
    own = bank_of(mini, None)
    assert sorted(own.phrases) == sorted(bank())
    assert set(own.frames) == {f"a {style.noun}" for style in styles().values()}
    assert own.text("a robot", ("red body",)) == "a robot with red body"


def test_mini_makes_a_picture_of_a_prompt(mini: Backbone) -> None:
    prompt = Prompt.of(TEXT, settings=Settings(steps=2))
    (picture,) = run(mini, text_plan(mini, prompt, [1]))
    assert picture.size == (32, 32)


def test_the_folder_says_what_it_is_and_whose_art_it_learnt_from(
    exported: Path, place: Place
) -> None:
    about = json.loads((exported / "mini" / "model.json").read_text())
    assert (about["name"], about["family"], about["pixels"]) == ("mini", "sd1", 32)
    assert about["trained_on"].keys() == styles().keys()
    for name, text in about["trained_on"].items():
        assert styles()[name].licence in text
        assert styles()[name].artist in text
    recipe = json.loads((exported / "mini" / "recipe.json").read_text())
    assert recipe == place.recipe.model_dump(mode="json")


def test_nothing_in_the_folder_is_a_pickle(exported: Path) -> None:
    kinds = {path.suffix for path in exported.rglob("*") if path.is_file()}
    assert kinds <= {".safetensors", ".json", ".txt", ".md"}


def test_the_exported_probe_reads_every_attribute_of_the_world(exported: Path) -> None:
    probe = Probe.load(exported / "probe")
    assert {name: tuple(words) for name, words in probe.heads.items()} == values()
    (found,) = probe.read([render(next(looks("test")), 32)])
    assert found.keys() == values().keys()


def test_a_run_that_lacks_a_part_is_not_exported(place: Place, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="train this part first"):
        list(export(place.recipe, tmp_path / "none", place.data, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_an_export_that_is_stopped_leaves_the_one_before_it(exported: Path, place: Place) -> None:
    before = sorted(path.name for path in exported.iterdir())
    weights = (exported / "mini" / "unet" / "diffusion_pytorch_model.safetensors").read_bytes()
    running = export(place.recipe, place.run, place.data, exported)
    assert [next(running), next(running)] == ["loading the parts", "writing weights"]
    next(running)
    running.close()
    assert sorted(path.name for path in exported.iterdir()) == before
    after = (exported / "mini" / "unet" / "diffusion_pytorch_model.safetensors").read_bytes()
    assert after == weights


def test_the_exported_judge_reads_foreign_styles_beside_the_worlds(
    place: Place, losses: dict[str, list[float]], tmp_path: Path
) -> None:
    judge = Probe.load(export_judge(place.recipe, place.run, tmp_path))
    assert {name: tuple(words) for name, words in judge.heads.items()} == foreign_values()
    (found,) = judge.read([render(next(foreign_looks("dylan", "test")), 32)])
    assert found.keys() == foreign_values().keys()
