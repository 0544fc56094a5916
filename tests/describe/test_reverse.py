"""The reverse describer: prompts composed and found, ranked together."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from lookalike.core.errors import ModelError, OptionError
from lookalike.core.nearest import Nearest
from lookalike.core.records import Description
from lookalike.describe import describers
from lookalike.describe.nearness import Nearness
from lookalike.describe.reverse import Reverse
from lookalike.describe.reversing import reverser
from lookalike.describe.reversing.ranking import Merit, expected_f1
from lookalike.describe.reversing.retrieving import retrieved
from lookalike.describe.reversing.words import marks, words_of
from lookalike.models.latent import LatentDiffusion
from tests.describe.reversers import SMALL, Neighbours
from tests.engine.tiny import noise_picture

PROMPTS = ["a red cat", "a photo of a blue dog", "a red bird at sea", "a red cat"]
PICTURES = [noise_picture(seed=seed) for seed in range(2)]


def use(monkeypatch: pytest.MonkeyPatch, backbone: LatentDiffusion, **weights: float) -> Neighbours:
    """Have describers find a model that weighs its terms so."""
    made = Neighbours.of(backbone, PROMPTS, weights)
    monkeypatch.setattr(reverser, "reverser_of", lambda *_: made)
    return made


def described(backbone: LatentDiffusion, count: int, **options: object) -> list[list[Description]]:
    return describers.make("reverse", options).describe(backbone, PICTURES, count)


def test_texts_are_composed_of_detected_phrases_or_found_among_prompts(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, backbone, words=1.0, clip=1.0)
    (found, _) = described(backbone, 64)
    texts = {one.text for one in found}
    assert set(PROMPTS) < texts
    alone = {one.text for one in described(backbone, 64, retrieved=0)[0]}
    assert alone == texts - set(PROMPTS)
    assert all(text.startswith(SMALL.frames) for text in alone)
    one = described(backbone, 64, composed=False, retrieved=1)[0]
    assert [each.text in PROMPTS for each in one] == [True]


def test_descriptions_differ_the_best_first_and_the_same_every_time(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, backbone, clip=0.5, words=0.5)
    every = described(backbone, 4)
    for found in every:
        assert len({one.text for one in found}) == len(found) == 4
        assert all(a.score >= b.score for a, b in pairwise(found))
        assert {(one.by, one.aspect) for one in found} == {("reverse", "1:1")}
    assert described(backbone, 4) == every


def test_parts_are_the_words_of_the_text_with_their_probabilities(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = use(monkeypatch, backbone, words=1.0)
    read = Reverse().read(backbone, known, PICTURES)[0]
    for one in described(backbone, 8)[0]:
        said = [word for word in dict.fromkeys(words_of(one.text)) if word in known.words]
        assert [word for word, _ in one.parts] == said
        assert [p for _, p in one.parts] == pytest.approx([read.words[w] for w in said], abs=1e-4)


def test_weights_of_the_model_decide_what_is_best(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = use(monkeypatch, backbone, clip=1.0)
    texts = [one.text for one in described(backbone, 64)[0]]
    cosines = backbone.clip.project(texts) @ known.predict(backbone, PICTURES)[0]
    assert int(cosines.argmax()) == 0
    use(monkeypatch, backbone, words=1.0)
    probable = Reverse().read(backbone, known, PICTURES)[0].merit.probable
    texts = [one.text for one in described(backbone, 64)[0]]
    assert int(expected_f1(marks(known.words, texts), probable).argmax()) == 0


def test_without_a_model_it_is_said_how_to_train_one(backbone: LatentDiffusion) -> None:
    with pytest.raises(OptionError, match="lookalike reverse train") as raised:
        described(backbone, 1)
    assert "\n" not in str(raised.value)


def test_without_any_source_it_is_said_which_there_are(backbone: LatentDiffusion) -> None:
    with pytest.raises(OptionError, match="composed or retrieved"):
        described(backbone, 1, retrieved=0, composed=False)


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


def test_words_are_whole_and_in_lower_case() -> None:
    assert words_of("A cat's Sky-blue T-shirt, 3d!") == ["a", "cat", "sky-blue", "t-shirt", "3d"]
    found = marks(["blue", "cat", "sky-blue"], ["CATS are blue", "a sky-blue cat"])
    assert found.tolist() == [[True, False, False], [False, True, True]]


def test_the_f1_to_expect_is_that_of_words_as_probable_as_they_are() -> None:
    held = torch.tensor([[True, False], [True, True], [False, False]])
    found = expected_f1(held, torch.tensor([1.0, 0.5]))
    assert found.tolist() == pytest.approx([2 / 2.5, 3 / 3.5, 0.0])
    assert expected_f1(held, torch.zeros(2)).tolist() == [0.0, 0.0, 0.0]


def test_no_text_is_read_where_cosines_count_nothing(backbone: LatentDiffusion) -> None:
    nearness = Nearness(backbone.clip, torch.zeros(1))
    merit = Merit(nearness, ("red",), torch.tensor([1.0]), {"words": 2.0})
    assert merit(["red", "blue"]) == pytest.approx([2.0, 0.0])
    assert nearness.known == {}
