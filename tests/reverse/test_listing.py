"""Lists learnt from pictures and prompts: what is said where, and what is told apart."""

from __future__ import annotations

import pytest
import torch

from lookalike.describe.bank import Bank
from lookalike.describe.reversing.lists import cosines
from lookalike.models.latent import LatentDiffusion
from lookalike.reverse.listing import UNSAID, learnt_lists, said_in

BANK = Bank(
    ("a person", "a robot"),
    (("black hair", "red hair", "hair"), ("black shirt", "red shirt"), ("big-smile style",)),
    " with ",
)


def test_what_is_said_stands_between_two_commas_in_any_order() -> None:
    prompts = [
        "one person with hair of black, red shirt",
        "black shirt, hair",
        "the robot, in the style of big-smile",
        "a photo",
    ]
    expected = [[0, 0, 1, -1], [-1, 2, 0, -1], [1, -1, -1, 0], [-1] * 4]
    assert said_in(prompts, BANK).tolist() == expected
    assert UNSAID == -1


def test_a_word_is_learnt_for_each_list_apart(backbone: LatentDiffusion) -> None:
    drawn, shared = torch.Generator().manual_seed(0), backbone.clip.visual_projection.shape[0]
    seen = torch.nn.functional.normalize(torch.randn(180, shared, generator=drawn), dim=-1)
    hair, shirt = seen[:, 0] > 0, seen[:, 1] > 0
    prompts = [
        f"a person with {'black' if h else 'red'} hair, {'black' if s else 'red'} shirt"
        if number % 3
        else "a person"
        for number, (h, s) in enumerate(zip(hair, shirt, strict=True))
    ]
    lists = learnt_lists(backbone.clip, BANK, seen, prompts)
    again = learnt_lists(backbone.clip, BANK, seen, prompts)
    assert torch.equal(lists.weight, again.weight)
    told = lists.probable(seen, cosines(backbone.clip, BANK, seen))
    for place, truth in ((1, hair), (2, shirt)):
        right = (told[place][:, 0] > told[place][:, 1]) == truth
        assert float(right.float().mean()) > 0.9
        # A third of the prompts say nothing of it.
        assert float(told[place].sum(1).mean()) == pytest.approx(2 / 3, abs=0.05)
    assert float(told[3].max()) < 0.05
