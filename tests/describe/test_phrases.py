"""The phrases describer: different prompts, the best first, each phrase weighed."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import pytest
import torch
from PIL import Image

from lookalike.core.errors import OptionError
from lookalike.core.records import Description
from lookalike.describe import describers
from lookalike.describe.phrases import Phrases
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import noise_picture

FRAMES = ["a photo", "a drawing"]
GROUPS = [["a cat", "a dog", "a bird"], ["red", "green", "blue"], ["in a field", "at sea"]]
PICTURES = [noise_picture(seed=seed) for seed in range(2)]


@pytest.fixture
def bank(tmp_path: Path) -> str:
    lines = ["# frame", *FRAMES]
    for number, group in enumerate(GROUPS):
        lines += [f"# group {number}", *group]
    (tmp_path / "bank.txt").write_text("\n".join(lines))
    return str(tmp_path / "bank.txt")


def fit(backbone: LatentDiffusion, picture: Image.Image, texts: list[str]) -> torch.Tensor:
    """Cosines of a picture and texts in CLIP's shared space."""
    seen = torch.nn.functional.normalize(backbone.clip.see([picture]).projected, dim=-1)
    return backbone.clip.project(texts) @ seen[0]


def every_text() -> list[str]:
    choices = [[None, *group] for group in GROUPS]
    return [
        ", ".join([frame, *filter(None, chosen)])
        for frame in FRAMES
        for chosen in product(*choices)
    ]


def texts(found: list[Description]) -> list[str]:
    return [one.text for one in found]


def test_there_is_one_list_for_each_picture_in_order(backbone: LatentDiffusion, bank: str) -> None:
    one, other = PICTURES
    found = Phrases(bank=bank).describe(backbone, [one, other, one], 3)
    assert len(found) == 3
    assert found[0] == found[2]
    assert found[0] != found[1]
    assert found[1] == Phrases(bank=bank).describe(backbone, [other], 3)[0]


@pytest.mark.parametrize("count", [1, 4, 12])
def test_as_many_different_texts_as_asked_for_the_best_first(
    backbone: LatentDiffusion, bank: str, count: int
) -> None:
    for found in Phrases(bank=bank).describe(backbone, PICTURES, count):
        assert len(set(texts(found))) == len(found) == count
        assert all(a.score >= b.score for a, b in pairwise(found))


@pytest.mark.parametrize("count", [2, 4, 8])
def test_a_plain_list_of_phrases_gives_as_many_texts_as_asked_for(
    backbone: LatentDiffusion, tmp_path: Path, count: int
) -> None:
    path = tmp_path / "plain.txt"
    path.write_text("\n".join(f"{colour} thing" for colour in "abcdefghij"))
    for found in Phrases(bank=str(path)).describe(backbone, PICTURES, count):
        assert len(set(texts(found))) == count


def test_frames_alone_give_as_many_texts_as_asked_for(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    path = tmp_path / "frames.txt"
    path.write_text("\n".join(["# frame", *(f"frame {c}" for c in "abcdefghij"), "# x", "red"]))
    (found,) = Phrases(bank=str(path), phrases=0).describe(backbone, PICTURES[:1], 9)
    assert len(set(texts(found))) == 9


def test_a_bank_too_small_for_the_count_gives_all_it_has(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    path = tmp_path / "small.txt"
    path.write_text("red\nblue\n")
    (found,) = Phrases(bank=str(path)).describe(backbone, PICTURES[:1], 5)
    assert set(texts(found)) == {"a picture", "a picture, red", "a picture, blue"}


def test_the_same_picture_has_the_same_descriptions_every_time(
    backbone: LatentDiffusion, bank: str, own_cache: Path
) -> None:
    first = Phrases(bank=bank).describe(backbone, PICTURES, 4)
    assert list(own_cache.rglob("*.safetensors"))  # the second time, the bank is not read again
    assert Phrases(bank=bank).describe(backbone, PICTURES, 4) == first


def test_groups_exclude_one_another_and_keep_their_order(
    backbone: LatentDiffusion, bank: str
) -> None:
    place = {phrase: number for number, group in enumerate(GROUPS) for phrase in group}
    for found in Phrases(bank=bank).describe(backbone, PICTURES, 12):
        for one in found:
            said = [phrase for phrase, _ in one.parts]
            groups = [place[phrase] for phrase in said]
            assert groups == sorted(set(groups))
            frame = one.text.split(", ")[0]
            assert frame in FRAMES
            assert one.text == ", ".join([frame, *said])


def test_a_score_is_the_cosine_of_picture_and_text(backbone: LatentDiffusion, bank: str) -> None:
    (found,) = Phrases(bank=bank).describe(backbone, PICTURES[:1], 6)
    expected = fit(backbone, PICTURES[0], texts(found))
    scores = torch.tensor([one.score for one in found])
    torch.testing.assert_close(scores, expected, rtol=0, atol=2e-6)


def test_a_search_wide_enough_finds_the_best_text_that_there_is(
    backbone: LatentDiffusion, bank: str
) -> None:
    describer = Phrases(bank=bank, options=64, beam=64)
    scores = fit(backbone, PICTURES[0], every_text())
    (found,) = describer.describe(backbone, PICTURES[:1], 3)
    assert found[0].text == every_text()[int(scores.argmax())]
    best = scores.topk(3).values
    torch.testing.assert_close(torch.tensor([one.score for one in found]), best, rtol=0, atol=2e-6)


def test_a_phrases_score_is_what_the_text_loses_without_it(
    backbone: LatentDiffusion, bank: str
) -> None:
    (found,) = Phrases(bank=bank).describe(backbone, PICTURES[:1], 12)
    longest = max(found, key=lambda one: len(one.parts))
    assert longest.parts
    for phrase, score in longest.parts:
        without = longest.text.replace(f", {phrase}", "")
        lost = longest.score - float(fit(backbone, PICTURES[0], [without])[0])
        assert score == pytest.approx(lost, abs=4e-6)


@pytest.mark.parametrize("most", [0, 1, 2])
def test_a_description_has_no_more_phrases_than_asked_for(
    backbone: LatentDiffusion, bank: str, most: int
) -> None:
    for found in Phrases(bank=bank, phrases=most).describe(backbone, PICTURES, 2):
        assert max(len(one.parts) for one in found) <= most


def test_a_description_names_its_aspect_and_its_describer(
    backbone: LatentDiffusion, bank: str
) -> None:
    (found,) = Phrases(bank=bank).describe(backbone, [noise_picture(64, 32)], 2)
    assert {(one.aspect, one.by) for one in found} == {("2:1", "phrases")}


def test_a_model_without_a_bank_is_described_in_common_words(backbone: LatentDiffusion) -> None:
    (found,) = Phrases(phrases=2, options=1, beam=1).describe(backbone, PICTURES[:1], 4)
    assert len(set(texts(found))) == 4


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"phrase": 3}, "did you mean phrases"),
        ({"phrases": 33}, "33"),
        ({"beam": 0}, "beam"),
        ({"options": "many"}, "options"),
        ({"bank": 3}, "bank"),
    ],
)
def test_an_unknown_or_wrong_option_is_refused_in_one_line(
    options: dict[str, object], named: str
) -> None:
    with pytest.raises(OptionError, match=named) as raised:
        describers.make("phrases", options)
    assert "\n" not in str(raised.value)
