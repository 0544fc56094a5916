"""Beginnings of texts: read once, and what follows ends where the whole text would."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import normalize

from lookalike.models.beginning import BATCH, Beginning
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import tiny_backbone

BEGINNINGS = ["a person", "a cat, (very) blue!", ""]
ENDINGS = ["red", "in a field of flowers", "it's 8k!", "sea"]


@pytest.fixture(scope="module")
def backbone() -> LatentDiffusion:
    return tiny_backbone()


def begun(backbone: LatentDiffusion, text: str) -> Beginning:
    tower = backbone.clip.tower
    return Beginning.of(tower, tower.words([text])[0])


@pytest.mark.parametrize("text", BEGINNINGS)
def test_what_follows_a_beginning_ends_where_the_whole_text_does(
    backbone: LatentDiffusion, text: str
) -> None:
    clip = backbone.clip
    found = begun(backbone, f"{text},").project(clip.tower.words(ENDINGS))
    with torch.no_grad():
        whole = clip.project([f"{text}, {ending}" for ending in ENDINGS])
    torch.testing.assert_close(normalize(found, dim=-1), whole.cpu(), rtol=0, atol=1e-5)


def test_more_endings_than_are_read_at_once_keep_their_order(backbone: LatentDiffusion) -> None:
    words = backbone.clip.tower.words([ENDINGS[i % 4] for i in range(BATCH + 5)])
    found = begun(backbone, "a cat").project(words)
    one = torch.cat([begun(backbone, "a cat").project([each]) for each in words[:4]])
    torch.testing.assert_close(found[:4], one)
    torch.testing.assert_close(found[4:8], one)
    torch.testing.assert_close(found[-1], one[(BATCH + 4) % 4])


def test_an_ending_is_cut_where_the_tokenizer_cuts_the_whole_text(
    backbone: LatentDiffusion,
) -> None:
    clip, long = backbone.clip, " ".join(["red"] * 200)
    found = begun(backbone, "a cat").project(clip.tower.words([long]))
    with torch.no_grad():
        whole = clip.project([f"a cat {long}"])
    torch.testing.assert_close(normalize(found, dim=-1), whole.cpu(), rtol=0, atol=1e-5)


def test_there_is_room_for_as_many_words_as_the_tokenizer_leaves_whole(
    backbone: LatentDiffusion,
) -> None:
    tower = backbone.clip.tower
    beginning = begun(backbone, "a cat")
    token = len(tower.words(["red"])[0])
    fits = beginning.room // token
    assert tower.cut(" ".join(["a cat", *["red"] * fits])) == ""
    assert tower.cut(" ".join(["a cat", *["red"] * (fits + 1)])) != ""


def test_a_lower_precision_ends_nearby(backbone: LatentDiffusion) -> None:
    words = backbone.clip.tower.words(ENDINGS)
    exact, rough = (
        begun(backbone, "a cat,").project(words, one) for one in (torch.float32, torch.bfloat16)
    )
    assert not torch.equal(exact, rough)
    assert torch.cosine_similarity(exact, rough).min() > 0.999
