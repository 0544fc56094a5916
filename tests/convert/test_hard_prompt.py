"""Hard prompts: whole words that come nearer to the picture, read back as they are written."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lookalike.convert import converters
from lookalike.convert.hard_prompt import HardPrompt
from lookalike.convert.words import words_of
from lookalike.core.errors import ModelError, OptionError, PromptError
from lookalike.models.latent import LatentDiffusion
from lookalike.models.spoken import table
from tests.convert.learnt import backbone, each, few_common_words, seen
from tests.engine.tiny import noise_picture

__all__ = ["backbone", "each", "few_common_words"]  # fixtures

PICTURES = [noise_picture(seed=seed) for seed in range(3)]
FEW = HardPrompt(length=4, steps=12)
TEXT = "wearing a red hat"


def cosines(backbone: LatentDiffusion, texts: list[str]) -> Tensor:
    with torch.no_grad():
        return (backbone.clip.project(texts) * seen(backbone, PICTURES)).sum(-1)


@pytest.mark.slow
def test_the_words_are_nearer_to_every_picture_than_those_it_starts_from(
    backbone: LatentDiffusion,
) -> None:
    known = words_of(backbone.clip)
    start = known.spell(backbone.clip.tower, known.best(seen(backbone, PICTURES), 4))
    found = HardPrompt(length=4, steps=40).words(backbone, PICTURES)
    assert bool((cosines(backbone, found) > cosines(backbone, start) + 0.01).all())


def test_more_steps_of_the_same_climb_are_not_worse(backbone: LatentDiffusion) -> None:
    few, many = (HardPrompt(length=4, steps=n).words(backbone, PICTURES) for n in (1, 60))
    assert bool((cosines(backbone, many) > cosines(backbone, few)).all())


def test_a_hard_prompt_is_read_back_as_its_own_tokens(each: LatentDiffusion) -> None:
    whole = set(words_of(each.clip).ids.tolist())
    for text in FEW.words(each, PICTURES):
        ids = each.clip.tower.tokenizer(text, add_special_tokens=False)["input_ids"]
        assert len(ids) == len(text.split()) == 4
        assert set(ids) <= whole
        assert each.clip.tower.tokenizer.decode(ids) == text


def test_words_that_would_not_be_read_back_are_refused(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    tower = backbone.clip.tower
    known = words_of(backbone.clip)
    monkeypatch.setattr(type(tower.tokenizer), "decode", lambda *_: "un happily")
    with pytest.raises(ModelError, match="un happily"):
        known.spell(tower, known.inputs[None, :3])


def test_an_embedding_is_the_ordinary_reading_of_the_words(each: LatentDiffusion) -> None:
    made, read = FEW.convert(each, PICTURES), each.embed(FEW.words(each, PICTURES))
    assert torch.equal(made.tokens, read.tokens)
    assert made.space == each.space
    assert (made.pooled is None) == (read.pooled is None)


def test_a_pictures_words_do_not_depend_on_its_neighbours(backbone: LatentDiffusion) -> None:
    together = FEW.words(backbone, PICTURES)
    assert [FEW.words(backbone, [picture])[0] for picture in PICTURES] == together


def test_an_edit_keeps_the_words_of_the_text_in_the_prompt(each: LatentDiffusion) -> None:
    texts = [f"{words}, {TEXT}" for words in FEW.words(each, PICTURES)]
    joint, ends = each.embed(texts), each.ends(texts)
    whole, none = FEW.edit(each, PICTURES, TEXT, 1.0), FEW.edit(each, PICTURES, TEXT, 0.0)
    torch.testing.assert_close(whole.tokens, joint.tokens)
    for row, end in enumerate(ends.tolist()):
        assert torch.equal(none.tokens[row, :end], joint.tokens[row, :end])
        assert not torch.allclose(none.tokens[row, end:], joint.tokens[row, end:], atol=1e-3)


def test_an_edit_without_words_or_with_a_balance_out_of_range_is_refused(
    backbone: LatentDiffusion,
) -> None:
    with pytest.raises(PromptError, match="empty"):
        FEW.edit(backbone, PICTURES, "")
    with pytest.raises(OptionError, match="0 to 2"):
        FEW.edit(backbone, PICTURES, TEXT, -0.1)


def test_gradients_stay_off_the_weights_and_are_taken_where_none_are_wanted(
    backbone: LatentDiffusion,
) -> None:
    before = table(backbone.clip.tower).clone()
    with torch.no_grad():
        inside = FEW.words(backbone, PICTURES)
    assert inside == FEW.words(backbone, PICTURES)
    assert torch.equal(table(backbone.clip.tower), before)
    assert all(weight.grad is None for weight in backbone.clip.text.parameters())


@pytest.mark.parametrize(
    "options", [{"steps": 0}, {"steps": 3001}, {"length": 0}, {"length": 33}, {"rate": -1}]
)
def test_an_option_out_of_range_is_refused_by_name(options: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        converters.make("hard-prompt", options)
