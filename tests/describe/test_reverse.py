"""The reverse describer: candidates of three sources, ranked together."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from lookalike.core.errors import ModelError, OptionError
from lookalike.core.nearest import Nearest
from lookalike.core.records import Description
from lookalike.describe import describers
from lookalike.describe.bank import Bank
from lookalike.describe.phrases import Phrases
from lookalike.describe.reversing import reverser
from lookalike.describe.reversing.candidates import Detector, detected, retrieved
from lookalike.describe.reversing.ranking import (
    Pool,
    best_weights,
    likelihood,
    standardised,
)
from lookalike.describe.reversing.words import marks, words_of
from lookalike.models.latent import LatentDiffusion
from tests.describe.reversers import Neighbours
from tests.engine.tiny import noise_picture

PROMPTS = ["a red cat", "a photo of a blue dog", "a red bird at sea", "a red cat"]
PICTURES = [noise_picture(seed=seed) for seed in range(2)]
BANK = Bank(
    ("a person", "a robot"),
    (("black hair", "red hair"), ("black shirt", "red shirt", "shirt"), ("antenna",)),
    " with ",
    {"a person": frozenset({"black hair", "red hair", "black shirt", "red shirt", "shirt"})},
)
HALF = 0.5


@pytest.fixture
def bank(tmp_path: Path) -> str:
    lines = ["# frame", "a photo", "# pets", "a cat", "a dog", "# colours", "red", "blue"]
    (tmp_path / "bank.txt").write_text("\n".join(lines))
    return str(tmp_path / "bank.txt")


def use(monkeypatch: pytest.MonkeyPatch, backbone: LatentDiffusion, **weights: float) -> Neighbours:
    """Have describers find a model that weighs its terms so."""
    made = Neighbours.of(backbone, PROMPTS, weights)
    monkeypatch.setattr(reverser, "reverser_of", lambda *_: made)
    return made


def described(backbone: LatentDiffusion, count: int, **options: object) -> list[list[Description]]:
    return describers.make("reverse", options).describe(backbone, PICTURES, count)


def detector(**probabilities: float) -> Detector:
    told = torch.tensor(list(probabilities.values()))
    return Detector.of(list(probabilities), told, torch.full_like(told, HALF))


def test_candidates_come_from_the_index_the_words_and_the_phrase_chain(
    backbone: LatentDiffusion, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, backbone, clip=1.0)
    (found, _) = described(backbone, 64, bank=bank, grown=3)
    texts = {one.text for one in found}
    assert set(PROMPTS) < texts
    assert {one.text for one in Phrases(bank=bank).describe(backbone, PICTURES, 3)[0]} < texts
    alone = described(backbone, 64, bank=bank, grown=0, retrieved=0)[0]
    assert {one.text for one in alone} < texts
    assert not {one.text for one in alone} & set(PROMPTS)
    one = described(backbone, 64, bank=bank, grown=0, detected=False, retrieved=1)[0]
    assert [each.text in PROMPTS for each in one] == [True]


def test_descriptions_differ_the_best_first_and_the_same_every_time(
    backbone: LatentDiffusion, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, backbone, clip=0.5, words=0.3, sentence=0.2)
    every = described(backbone, 4, bank=bank)
    for found in every:
        assert len({one.text for one in found}) == len(found) == 4
        assert all(a.score >= b.score for a, b in pairwise(found))
        assert {(one.by, one.aspect) for one in found} == {("reverse", "1:1")}
    assert described(backbone, 4, bank=bank) == every


def test_parts_are_the_words_of_the_text_with_their_probabilities(
    backbone: LatentDiffusion, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = use(monkeypatch, backbone, sentence=1.0)
    told = known.modifiers(known.predict(backbone, PICTURES))[0].tolist()
    probable = dict(zip(known.words, told, strict=True))
    for one in described(backbone, 8, bank=bank)[0]:
        said = [word for word in dict.fromkeys(words_of(one.text)) if word in probable]
        assert [word for word, _ in one.parts] == said
        assert [p for _, p in one.parts] == pytest.approx([probable[w] for w in said], abs=1e-4)


def test_weights_of_the_model_decide_what_is_best(
    backbone: LatentDiffusion, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = use(monkeypatch, backbone, sentence=1.0)
    nearest = retrieved(known.predict(backbone, PICTURES)[0], PROMPTS, known.index, 1)
    assert described(backbone, 1, bank=bank)[0][0].text == next(iter(nearest))
    use(monkeypatch, backbone, clip=1.0)
    found = described(backbone, 64, bank=bank)[0]
    seen = known.predict(backbone, PICTURES)[0]
    cosines = backbone.clip.project([one.text for one in found]) @ seen
    assert int(cosines.argmax()) == 0


def test_without_a_model_it_is_said_how_to_train_one(backbone: LatentDiffusion) -> None:
    with pytest.raises(OptionError, match="lookalike reverse train") as raised:
        described(backbone, 1)
    assert "\n" not in str(raised.value)


def test_without_any_source_it_is_said_which_there_are(backbone: LatentDiffusion) -> None:
    with pytest.raises(OptionError, match="retrieved, detected or grown"):
        described(backbone, 1, retrieved=0, detected=False, grown=0)


def test_a_named_model_that_is_none_is_named(backbone: LatentDiffusion) -> None:
    with pytest.raises(ModelError, match="nowhere/at-all"):
        described(backbone, 1, weights="nowhere/at-all")


def test_retrieval_gives_different_prompts_the_nearest_first() -> None:
    places = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [1.0, 0.0]])
    index = Nearest.of(places.numpy())
    found = retrieved(torch.tensor([0.8, 0.6]), ["a", "b", "c", "a"], index, 2)
    assert list(found) == ["c", "a"]
    assert list(found.values()) == pytest.approx([0.96, 0.8])
    assert list(retrieved(torch.tensor([0.8, 0.6]), ["a", "b", "c", "a"], index, 9)) == [*"cab"]


def test_a_phrase_is_detected_where_all_its_known_words_are() -> None:
    found = detector(black=0.9, hair=0.9, red=0.2, shirt=0.8)
    assert found.phrases(BANK, "a person") == [["black hair"], ["black shirt", "shirt"], []]
    assert found.of_text("antenna") is None
    assert found.of_text("red shirt") is None


def test_a_threshold_of_its_own_decides_for_each_word() -> None:
    words, probable = ["hair", "shirt"], torch.tensor([0.3, 0.6])
    found = Detector.of(words, probable, torch.tensor([0.2, 0.7]))
    assert found.of_text("hair") == pytest.approx(
        float(torch.logit(torch.tensor(0.3)) - torch.logit(torch.tensor(0.2))), abs=1e-5
    )
    assert found.of_text("shirt") is None


def test_the_frame_is_the_surest_and_the_nearest_where_words_do_not_tell() -> None:
    assert detector(robot=0.9, person=0.1).frame(BANK.frames, [0.9, 0.1]) == "a robot"
    assert detector(hair=0.9).frame(BANK.frames, [0.1, 0.9]) == "a robot"


def test_detected_texts_are_the_surest_and_those_that_differ_in_one_group() -> None:
    found = detector(person=0.9, black=0.9, red=0.7, hair=0.9, shirt=0.9, antenna=0.9)
    assert detected(found, BANK, [0.0, 0.0]) == [
        "a person with black hair, black shirt",
        "a person with black shirt",
        "a person with red hair, black shirt",
        "a person with black hair",
        "a person with black hair, red shirt",
        "a person with black hair, shirt",
    ]


def test_nothing_detected_gives_the_frame_alone() -> None:
    assert detected(detector(black=0.1), BANK, [1.0, 0.0]) == ["a person"]


def test_words_are_whole_and_in_lower_case() -> None:
    assert words_of("A cat's Sky-blue T-shirt, 3d!") == ["a", "cat", "sky-blue", "t-shirt", "3d"]
    found = marks(["blue", "cat", "sky-blue"], ["CATS are blue", "a sky-blue cat"])
    assert found.tolist() == [[True, False, False], [False, True, True]]


def test_likelihood_is_that_of_the_words_held_and_of_those_that_lack() -> None:
    held = torch.tensor([[True, False], [False, True]])
    found = likelihood(held, torch.tensor([0.8, 0.4])).exp().square()
    torch.testing.assert_close(found, torch.tensor([0.8 * 0.6, 0.2 * 0.4]))


def test_what_is_not_known_counts_as_the_mean() -> None:
    found = standardised(torch.tensor([1.0, torch.nan, 3.0]))
    assert found.tolist() == [-1.0, 0.0, 1.0]
    assert standardised(torch.tensor([2.0, 2.0, torch.nan])).tolist() == [0.0, 0.0, 0.0]
    assert standardised(torch.full((2,), torch.nan)).tolist() == [0.0, 0.0]


def pool(clip: list[float], words: list[float], sentence: list[float]) -> Pool:
    terms = {"clip": clip, "words": words, "sentence": sentence}
    return Pool(
        "abc", {name: torch.tensor(values, dtype=torch.float32) for name, values in terms.items()}
    )


def test_the_best_weights_pick_the_texts_of_most_merit() -> None:
    pools = [pool([3, 2, 1], [1, 2, 3], [0, 0, 0]), pool([1, 2, 3], [3, 1, 2], [0, 0, 0])]
    by_words = best_weights(pools, [torch.tensor([0.0, 0.0, 1.0]), torch.tensor([1.0, 0.0, 0.0])])
    assert [each.ranked(by_words)[0][0] for each in pools] == ["c", "a"]
    by_clip = best_weights(pools, [torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 0.0, 1.0])])
    assert by_clip == {"clip": 1.0, "words": 0.0, "sentence": 0.0}
