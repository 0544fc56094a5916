"""Scores: full where pictures are what was wanted, and of the right pictures."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, CLIPTextConfig, CLIPTextModel, ViTConfig, ViTModel

from lookalike.core.errors import ModelError
from lookalike.evaluate.dino import Dino
from lookalike.evaluate.domains import drawn
from lookalike.evaluate.making import Shown
from lookalike.evaluate.scoring import SCORES, Eyes, judged
from lookalike.evaluate.subjects import Subject, said
from lookalike.evaluate.worlds import domain_looks, judge
from lookalike.models.latent import LatentDiffusion
from lookalike.models.preprocess import IMAGENET_DEVIATION, IMAGENET_MEAN
from lookalike.world.look import look
from lookalike.world.render import render
from tests.engine.tiny import noise_picture


def test_renderings_themselves_have_full_scores(backbone: LatentDiffusion) -> None:
    eyes, edited = Eyes(backbone.clip, judge("own")), list[float | None]()
    for subject in drawn("character", "validation", 2, 2, 0, 64).subjects:
        of = subject.look
        assert of is not None
        after = tuple(
            render(look(of.style, of.seed, **{**dict(of.attributes), **edit.wanted}))
            for edit in subject.edits
        )
        found = judged(eyes, subject, Shown((subject.picture,) * 2, after, 1.5, 0.25)).scores
        assert list(found) == list(SCORES)
        assert found["agreement"] == found["identity"] == found["kept"] == 1
        assert found["clip_i"] == pytest.approx(1, abs=1e-5)
        assert found["diversity"] == pytest.approx(0, abs=1e-5)
        assert (found["seconds"], found["megabytes"]) == (1.5, 0.25)
        assert found["dino"] is None
        edited.append(found["edit_accuracy"])
    # The judge is wrong about one value in eighty, and one of these four it is.
    assert edited in ([1, 0.5], [0.5, 1], [1, 1])


def test_pictures_of_another_have_lower_scores(backbone: LatentDiffusion) -> None:
    eyes = Eyes(backbone.clip, judge("own"))
    one, other = drawn("character", "validation", 2, 2, 0, 64).subjects
    shown = Shown((other.picture,) * 2, (one.picture,) * len(one.edits), 0, 0)
    found = judged(eyes, one, shown).scores
    assert found["agreement"] is not None
    assert found["agreement"] < 0.7
    assert found["edit_accuracy"] == 0  # nothing was edited
    assert found["kept"] == 1


def test_the_scores_of_a_photograph_are_those_without_attributes(backbone: LatentDiffusion) -> None:
    eyes = Eyes(backbone.clip, judge("own"))
    pictures = (noise_picture(seed=1), noise_picture(seed=2))
    subject = Subject("mug", pictures, "a mug", (said("a red mug"),))
    shown = Shown((noise_picture(seed=3),), (noise_picture(seed=4),), 0, 0)
    found = judged(eyes, subject, shown).scores
    assert {name for name, score in found.items() if score is None} == {
        *("agreement", "identity", "edit_accuracy", "kept", "dino", "edit_dino", "diversity"),
    }
    edited, text = eyes.clip_of(shown.edits), eyes.text_of(["a red mug"])
    assert found["clip_t"] == pytest.approx((edited @ text.T).item())
    real = eyes.clip_of(pictures)
    assert found["clip_i"] == pytest.approx(float((eyes.clip_of(shown.likeness) @ real.T).mean()))


def test_without_edits_the_likeness_is_compared_with_the_caption(backbone: LatentDiffusion) -> None:
    eyes = Eyes(backbone.clip, judge("own"))
    shown = Shown((noise_picture(seed=3),), (), 0, 0)
    found = judged(eyes, Subject("1", (noise_picture(),), "a mug"), shown).scores
    made, text = eyes.clip_of(shown.likeness), eyes.text_of(["a mug"])
    assert found["clip_t"] == pytest.approx((made @ text.T).item())
    assert found["edit_clip_i"] is None


@pytest.fixture
def dino(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=16,
    )
    ViTModel(config, add_pooling_layer=False).save_pretrained(tmp_path / "dino")
    return tmp_path / "dino"


def test_dinos_features_are_the_class_tokens_of_its_model(
    dino: Path, backbone: LatentDiffusion
) -> None:
    picture = noise_picture(32, 32)
    pixels = torch.tensor(list(picture.tobytes())).reshape(32, 32, 3) / 255
    pixels = (pixels - torch.tensor(IMAGENET_MEAN)) / torch.tensor(IMAGENET_DEVIATION)
    with torch.no_grad():
        whole = AutoModel.from_pretrained(dino)(pixel_values=pixels.permute(2, 0, 1)[None])
    assert torch.allclose(Dino.load(dino).see([picture]), whole.last_hidden_state[:, 0], atol=1e-4)
    eyes = Eyes(backbone.clip, judge("own"), Dino.load(dino))
    shown = Shown((picture,), (noise_picture(seed=5),), 0, 0)
    found = judged(eyes, Subject("1", (picture,), "", (said("red"),)), shown).scores
    assert found["dino"] == pytest.approx(1, abs=1e-5)
    assert found["edit_dino"] is not None
    assert found["edit_dino"] < 0.999


def test_a_folder_that_holds_no_dino_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="holds no model"):
        Dino.load(tmp_path / "empty")
    config = CLIPTextConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    CLIPTextModel(config).save_pretrained(tmp_path / "text")
    with pytest.raises(ModelError, match="no vision model"):
        Dino.load(tmp_path / "text")


def test_references_of_the_domains_are_held_out_and_not_the_same() -> None:
    own = drawn("own", "test", 1, 0, 1, 16)
    assert [one.look for one in own.subjects] == list(islice(domain_looks("own", "test"), 1))
    assert len(own.others) == 1
    assert own.others[0] != own.subjects[0].picture
    character = drawn("character", "test", 1, 0, 0, 16)
    assert not {one.name for one in own.subjects} & {one.name for one in character.subjects}
