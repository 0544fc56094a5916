"""The chain describer: as near as a search of all texts, from lists of any length."""

from __future__ import annotations

from itertools import pairwise, permutations
from pathlib import Path

import pytest
import torch
from torch.nn.functional import normalize

from lookalike.core.records import Description
from lookalike.describe import bank as room
from lookalike.describe.chain import Chain
from lookalike.describe.interrogator import Interrogator
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import noise_picture

PHRASES = ["a cat", "red", "in a field", "at sea", "blue!", "it's late"]
PICTURES = [noise_picture(seed=seed) for seed in range(3)]


@pytest.fixture
def bank(tmp_path: Path) -> str:
    (tmp_path / "bank.txt").write_text("\n".join(PHRASES))
    return str(tmp_path / "bank.txt")


def fit(backbone: LatentDiffusion, texts: list[str], number: int = 0) -> torch.Tensor:
    with torch.no_grad():
        seen = normalize(backbone.clip.see([PICTURES[number]]).projected, dim=-1)[0]
        return (backbone.clip.project(texts) @ seen).cpu()


def texts(found: list[Description]) -> list[str]:
    return [one.text for one in found]


def test_a_score_is_the_cosine_of_picture_and_whole_text(
    backbone: LatentDiffusion, bank: str
) -> None:
    (found,) = Chain(bank=bank).describe(backbone, PICTURES[:1], 4)
    scores = torch.tensor([one.score for one in found])
    torch.testing.assert_close(scores, fit(backbone, texts(found)), rtol=0, atol=2e-6)
    assert all(a >= b for a, b in pairwise(scores.tolist()))


def test_a_phrase_is_said_once_and_any_number_of_a_group_may_be(
    backbone: LatentDiffusion, bank: str
) -> None:
    (found,) = Chain(bank=bank, phrases=4, mended=0).describe(backbone, PICTURES[:1], 12)
    assert len(set(texts(found))) == len(found)
    longest = max(found, key=lambda one: len(one.parts))
    said = [phrase for phrase, _ in longest.parts]
    assert len(set(said)) == len(said) > 1


def test_the_first_step_takes_what_brings_the_text_nearest(
    backbone: LatentDiffusion, bank: str
) -> None:
    describer = Chain(bank=bank, phrases=1, mended=0, precision="float32")
    for number, found in enumerate(describer.describe(backbone, PICTURES, 1)):
        every = ["a picture", *(f"a picture, {phrase}" for phrase in PHRASES)]
        assert found[0].text == every[int(fit(backbone, every, number).argmax())]


def test_mending_makes_no_text_worse_and_none_better_than_the_best_there_is(
    backbone: LatentDiffusion, bank: str
) -> None:
    rough = Chain(bank=bank, phrases=3, mended=0, precision="float32")
    mended = rough.model_copy(update={"mended": 20})
    every = [", ".join(["a picture", *said]) for n in range(4) for said in permutations(PHRASES, n)]
    found = zip(*(one.describe(backbone, PICTURES, 1) for one in (rough, mended)), strict=True)
    for number, (before, after) in enumerate(found):
        best = float(fit(backbone, every, number).max())
        assert before[0].score <= after[0].score <= best + 2e-6


def test_a_chain_is_no_farther_than_that_of_clip_interrogator(
    backbone: LatentDiffusion, bank: str
) -> None:
    ours = Chain(bank=bank, precision="float32").describe(backbone, PICTURES, 1)
    theirs = Interrogator(bank=bank).describe(backbone, PICTURES, 1)
    for mine, its in zip(ours, theirs, strict=True):
        assert mine[0].score >= its[0].score - 2e-6


def test_no_text_is_longer_than_the_model_reads(backbone: LatentDiffusion, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n".join(" ".join([word] * 9) for word in "abcdefghijklm"))
    (found,) = Chain(bank=str(path)).describe(backbone, PICTURES[:1], 6)
    assert [backbone.clip.cut(text) for text in texts(found)] == [""] * 6


def test_the_same_picture_has_the_same_descriptions_among_others(
    backbone: LatentDiffusion, bank: str
) -> None:
    found = Chain(bank=bank).describe(backbone, PICTURES, 3)
    assert found[1] == Chain(bank=bank).describe(backbone, PICTURES[1:2], 3)[0]


def test_many_texts_are_read_in_another_order_and_keep_their_own(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["a long text of a cat in a field", "red", "a cat", "at sea"]
    few = room.embedded(backbone.clip, asked)
    monkeypatch.setattr(room, "MANY", 2)
    many = room.embedded(backbone.clip, [*asked, "more"])
    torch.testing.assert_close(many[:4], few, rtol=0, atol=1e-5)
