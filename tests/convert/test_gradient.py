"""Learnt token embeddings: they come nearer to the picture, and are read like any text."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from lookalike.convert import converters
from lookalike.convert.ascent import ascend, highest
from lookalike.convert.gradient import Gradient
from lookalike.convert.words import words_of
from lookalike.core.errors import ModelError, OptionError, PromptError
from lookalike.models.latent import LatentDiffusion
from lookalike.models.spoken import embed_tokens, in_place, places, project_tokens, table
from tests.convert.learnt import backbone, each, few_common_words, seen
from tests.engine.tiny import noise_picture

__all__ = ["backbone", "each", "few_common_words"]  # fixtures

PICTURES = [noise_picture(seed=seed) for seed in range(3)]
FEW = Gradient(slots=4, steps=6)
TEXT = "wearing a red hat"


def cosines(backbone: LatentDiffusion, tokens: Tensor) -> Tensor:
    with torch.no_grad():
        return (project_tokens(backbone.clip.tower, tokens) * seen(backbone, PICTURES)).sum(-1)


@pytest.mark.slow
def test_the_cosine_to_every_picture_rises_from_start_to_end(each: LatentDiffusion) -> None:
    start = words_of(each.clip).best(seen(each, PICTURES), 4)
    learnt = FEW.tokens(each, PICTURES)
    assert bool((cosines(each, learnt) > cosines(each, start) + 0.02).all())


def test_more_steps_are_not_worse(backbone: LatentDiffusion) -> None:
    counts = (1, 5, 20)
    found = [cosines(backbone, Gradient(steps=n).tokens(backbone, PICTURES)) for n in counts]
    for fewer, more in pairwise(found):
        assert bool((more >= fewer - 1e-3).all())
    assert bool((found[-1] > found[0]).all())


def test_a_climb_gives_the_best_that_it_met(backbone: LatentDiffusion) -> None:
    wanted = seen(backbone, PICTURES)
    start = words_of(backbone.clip).best(wanted, 2)
    path = list(ascend(backbone.clip.tower, start, wanted, 8, 5.0))  # so fast that it falls, too
    best, top = highest(iter(path))
    assert torch.equal(top, torch.stack([found for _, found in path]).amax(0))
    torch.testing.assert_close(cosines(backbone, best), top)


def test_embeddings_are_what_each_family_reads_of_the_tokens(each: LatentDiffusion) -> None:
    made = FEW.convert(each, PICTURES)
    assert made.tokens.shape == (3, each.length, each.width)
    assert made.space == each.space
    blank = each.embed([""])
    assert (made.pooled is None) == (blank.pooled is None)
    torch.testing.assert_close(made.tokens[:, 0], blank.tokens[:, 0].expand(3, -1))
    slots = made.tokens[:, 1:5]
    assert float((slots[:, 1:] - slots[:, :-1]).norm(dim=-1).min()) > 1e-3  # no two are the same


def test_embeddings_of_words_are_read_as_the_words(each: LatentDiffusion) -> None:
    tower = each.towers[-1]
    ids = tower.ids(["a small red car"])[:, 1:5]
    spoken = embed_tokens(each, table(tower)[ids], ", by the sea")
    read = each.embed(["a small red car, by the sea"])
    torch.testing.assert_close(spoken.tokens, read.tokens)
    if read.pooled is not None:
        torch.testing.assert_close(spoken.pooled, read.pooled)


def test_a_pictures_row_does_not_depend_on_its_neighbours(backbone: LatentDiffusion) -> None:
    together = Gradient().convert(backbone, PICTURES).tokens
    for row, picture in zip(together, PICTURES, strict=True):
        alone = Gradient().convert(backbone, [picture]).tokens[0]
        torch.testing.assert_close(alone, row, rtol=1e-3, atol=1e-3)


def test_the_tower_is_left_as_it_was(backbone: LatentDiffusion) -> None:
    before = backbone.embed([TEXT]).tokens
    with torch.no_grad():
        FEW.convert(backbone, PICTURES)
    assert torch.equal(backbone.embed([TEXT]).tokens, before)
    towers = [backbone.clip.text, *(tower.model for tower in backbone.towers)]
    assert all(p.grad is None and not p.requires_grad for t in towers for p in t.parameters())


def test_tokens_for_other_texts_are_refused_and_leave_no_trace(backbone: LatentDiffusion) -> None:
    tower = backbone.towers[-1]
    before = backbone.embed([TEXT]).tokens
    with (
        pytest.raises(ModelError, match="2 texts do not fit 3 rows"),
        in_place(tower, torch.zeros(3, 2, table(tower).shape[1])),
    ):
        backbone.embed([TEXT, TEXT])
    assert torch.equal(backbone.embed([TEXT]).tokens, before)


def test_an_edit_reads_the_words_of_the_text_behind_the_learnt_tokens(
    each: LatentDiffusion,
) -> None:
    tokens = FEW.tokens(each, PICTURES)
    joint = embed_tokens(each, tokens, f", {TEXT}")
    end = int(each.ends([f"{places(4)}, {TEXT}"])[0])
    assert end == 4 + 1 + int(each.ends([TEXT])[0])  # the tokens, the comma, the text
    for balance in (0.0, 0.6, 1.0, 2.0):
        edited = FEW.edit(each, PICTURES, TEXT, balance)
        assert torch.equal(edited.tokens[:, :end], joint.tokens[:, :end])


def test_balance_goes_from_the_pictures_end_states_to_the_whole_prompts(
    each: LatentDiffusion,
) -> None:
    tokens = FEW.tokens(each, PICTURES)
    alone, joint = embed_tokens(each, tokens), embed_tokens(each, tokens, f", {TEXT}")
    end = int(each.ends([f"{places(4)}, {TEXT}"])[0])
    none, whole = FEW.edit(each, PICTURES, TEXT, 0.0), FEW.edit(each, PICTURES, TEXT, 1.0)
    torch.testing.assert_close(none.tokens[:, end:], alone.tokens[:, end:])
    torch.testing.assert_close(whole.tokens, joint.tokens)
    if joint.pooled is not None:
        torch.testing.assert_close(none.pooled, alone.pooled)
        torch.testing.assert_close(whole.pooled, joint.pooled)


def test_an_edit_without_words_or_with_a_balance_out_of_range_is_refused(
    backbone: LatentDiffusion,
) -> None:
    with pytest.raises(PromptError, match="empty"):
        FEW.edit(backbone, PICTURES, " ")
    with pytest.raises(OptionError, match="0 to 2"):
        FEW.edit(backbone, PICTURES, TEXT, 2.5)


@pytest.mark.parametrize(
    "options", [{"steps": 0}, {"steps": 501}, {"slots": 0}, {"slots": 33}, {"rate": 0}]
)
def test_an_option_out_of_range_is_refused_by_name(options: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        converters.make("gradient", options)
