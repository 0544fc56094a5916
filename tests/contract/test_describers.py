"""What every describer promises, held over all that are registered."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest
import torch
from PIL.Image import Image

from lookalike.core.records import Description
from lookalike.describe import describers
from lookalike.describe.bank import bank_of
from lookalike.describe.reversing import reverser
from lookalike.models.backbone import Backbone
from lookalike.world.caption import caption
from lookalike.world.look import looks
from tests.contract.methods import (
    assert_an_unknown_name_is_refused,
    assert_it_says_what_it_does,
    assert_options_are_described,
    assert_wrong_options_are_refused,
)
from tests.describe.reversers import Neighbours

COUNT = 4
FEW: dict[str, dict[str, object]] = {
    "chain": {"phrases": 4, "tried": 64, "kept": 16, "mended": 1},
    "interrogator": {"fewest": 2, "most": 2, "intermediate": 100},
    "reverse": {"retrieved": 4},
}
"""Options of describers that take their time, with which they keep the same promises."""

Found = dict[str, list[list[Description]]]
every_describer = pytest.mark.parametrize("name", describers.names())


@pytest.fixture(scope="module")
def found(mini: Backbone, pictures: list[Image]) -> Found:
    """What each describer says of three pictures, the last of which is the first once more.

    `reverse` needs a trained model, as `tuned` among the converters needs a file: it gets one that
    knows a hundred captions of the training split.
    """
    known = [caption(one) for one in islice(looks("train"), 100)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            reverser, "reverser_of", lambda *_: Neighbours.of(mini, known, bank=bank_of(mini, None))
        )
        return _found(mini, pictures)


def _found(mini: Backbone, pictures: list[Image]) -> Found:
    asked = [pictures[0], pictures[1], pictures[0]]
    made = {n: describers.make(n, FEW.get(n, {})) for n in describers.names()}
    return {name: one.describe(mini, asked, COUNT) for name, one in made.items()}


def test_the_phrases_describer_is_registered() -> None:
    assert "phrases" in describers.names()


@every_describer
def test_a_describer_says_what_it_does(name: str) -> None:
    assert_it_says_what_it_does(name, describers.get(name))


@every_describer
def test_every_option_of_a_describer_is_described(name: str) -> None:
    assert_options_are_described(describers.get(name))


@every_describer
def test_a_wrong_option_of_a_describer_is_refused(name: str) -> None:
    assert_wrong_options_are_refused(describers, name)


def test_an_unknown_describer_is_refused_with_the_nearest() -> None:
    assert_an_unknown_name_is_refused(describers)


@every_describer
def test_there_are_as_many_descriptions_as_pictures_in_order(name: str, found: Found) -> None:
    first, second, again = found[name]
    assert first[0].text == again[0].text
    assert first[0].text != second[0].text


@every_describer
def test_a_describer_is_deterministic(name: str, found: Found) -> None:
    assert found[name][0] == found[name][2]


@every_describer
def test_descriptions_of_a_picture_differ_and_the_best_comes_first(name: str, found: Found) -> None:
    for ranked in found[name]:
        assert 1 <= len(ranked) <= COUNT
        assert len({one.text for one in ranked}) == len(ranked)
        assert all(a.score >= b.score for a, b in pairwise(ranked))
        assert {one.by for one in ranked} == {name}
        assert {one.aspect for one in ranked} == {"1:1"}
        assert all(one.text.strip() for one in ranked)


@every_describer
def test_the_best_description_fits_its_own_picture_better_than_the_other(
    name: str, mini: Backbone, pictures: list[Image], found: Found
) -> None:
    with torch.no_grad():
        seen = torch.nn.functional.normalize(mini.clip.see(pictures[:2]).projected, dim=-1)
        told = mini.clip.project([found[name][row][0].text for row in range(2)])
    fits = seen @ told.T
    assert fits[0, 0] > fits[0, 1]
    assert fits[1, 1] > fits[1, 0]
