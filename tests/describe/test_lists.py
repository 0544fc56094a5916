"""Lists in use: which phrases are likely, which words come of them, and what is composed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from lookalike.describe.bank import Bank, embedded
from lookalike.describe.reversing.composing import Likely, composed
from lookalike.describe.reversing.lists import Lists, cosines, told_by, word_probabilities
from lookalike.models.latent import LatentDiffusion

BANK = Bank(
    ("a person", "a robot"),
    (("black hair", "red hair", "red hat"), ("black shirt", "red shirt", "shirt"), ("antenna",)),
    " with ",
    {"a person": frozenset({"black hair", "red hair", "black shirt", "red shirt", "shirt"})},
)
SHARED = 4


def told(*lists: Sequence[float]) -> list[Tensor]:
    return [torch.tensor(each) for each in lists]


def lists_with(place: int, word: str, weight: float) -> Lists:
    """Lists that look at the first feature for one word of one list."""
    found = Lists.blank(BANK, SHARED)
    before = sum(len(one.words) for one in found.words[:place])
    found.weight[before + found.words[place].words.index(word), 0] = weight
    return found


def even(lists: Lists) -> list[Tensor]:
    return [torch.zeros(1, len(one.held)) for one in lists.words]


def test_a_phrase_is_known_by_its_words_and_a_frame_without_its_article() -> None:
    assert told_by(BANK)[0] == [frozenset({"person"}), frozenset({"robot"})]
    assert told_by(Bank(("the",), (("one eye",),))) == [[{"the"}], [{"one", "eye"}]]


def test_a_word_is_another_in_another_list() -> None:
    lists = lists_with(1, "black", 5.0)
    frames, hair, shirts, antenna = lists.probable(torch.eye(1, SHARED), even(lists))
    assert hair[0].tolist() == pytest.approx([0.4933, 0.0033, 0.0033], abs=1e-3)
    assert shirts[0].tolist() == pytest.approx([1 / 6] * 3)
    assert (frames.sum(), antenna.sum()) == (pytest.approx(0.5), pytest.approx(0.5))


def test_phrases_that_share_a_word_in_a_list_rise_together() -> None:
    lists = lists_with(1, "red", 5.0)
    hair = lists.probable(torch.eye(1, SHARED), even(lists))[1][0]
    assert hair[1] == hair[2] > 10 * hair[0]


def test_a_list_trusts_the_cosines_as_far_as_it_learnt() -> None:
    lists, near = Lists.blank(BANK, SHARED), even(Lists.blank(BANK, SHARED))
    near[2][0, 1] = 1.0
    assert lists.probable(torch.eye(1, SHARED), near)[2][0].tolist() == pytest.approx([1 / 6] * 3)
    trusting = replace(lists, trust=torch.tensor([0.0, 0.0, 9.0, 0.0]))
    assert float(trusting.probable(torch.eye(1, SHARED), near)[2][0, 1]) > 0.49


def test_phrases_stand_behind_the_frame_that_is_nearest(backbone: LatentDiffusion) -> None:
    clip = backbone.clip
    seen = embedded(clip, ["a robot", "a person"])
    found = cosines(clip, BANK, seen)
    assert [each.shape for each in found] == [(2, 2), (2, 3), (2, 3), (2, 1)]
    assert found[0].argmax(1).tolist() == [1, 0]
    for row, frame in enumerate(("a robot", "a person")):
        behind = embedded(clip, [BANK.text(frame, (phrase,)) for phrase in BANK.groups[1]])
        torch.testing.assert_close(found[2][row], behind @ seen[row])


def test_a_word_is_as_probable_as_one_of_its_phrases_in_any_list() -> None:
    phrases = told([0.9, 0.1], [0.5, 0.0, 0.0], [0.2, 0.1, 0.3], [0.0])
    words = ["black", "shirt", "red", "sky", "robot"]
    others = torch.tensor([0.0, 0.0, 0.0, 0.25, 1.0])
    found = word_probabilities(Lists.blank(BANK, SHARED), phrases, words, others)
    assert found.tolist() == pytest.approx([1 - 0.5 * 0.8, 0.6, 0.1, 0.25, 0.1])


PHRASES = told([0.9, 0.1], [0.1, 0.7, 0.1], [0.1, 0.1, 0.0], [0.8])


def test_a_prompt_begins_with_what_is_likely_said_and_fits() -> None:
    assert Likely.of(BANK, PHRASES).start.text(BANK) == "a person with red hair"
    robot = [torch.tensor([0.1, 0.9]), *PHRASES[1:]]
    # Of BANK, robots may have all phrases.
    assert Likely.of(BANK, robot).start.text(BANK) == "a robot with red hair, antenna"


def test_composing_climbs_by_one_list_at_a_time_to_the_worthiest() -> None:
    best = "a robot with black hair, red shirt, antenna"

    def parts(text: str) -> set[str]:
        return set(text.replace(" with ", ", ").split(", "))

    def worth(texts: Sequence[str]) -> list[float]:
        return [-float(len(parts(text) ^ parts(best))) for text in texts]

    found = composed(Likely.of(BANK, PHRASES), worth)
    assert max(found, key=lambda text: found[text]) == best
    assert next(iter(found)) == "a person with red hair"
    assert "a person with antenna" not in " ".join(found)
