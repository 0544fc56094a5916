"""Textual inversion and DreamBooth: they learn, and leave a model as they found it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from PIL.Image import Image

from lookalike.convert import Converter, converters
from lookalike.convert.dreambooth import DreamBooth
from lookalike.convert.learning.inversion import spoken
from lookalike.convert.learning.lora import LoraRecipe, low_rank
from lookalike.convert.textual_inversion import TextualInversion
from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError, PromptError
from lookalike.models.latent import LatentDiffusion
from lookalike.models.spoken import places
from lookalike.train.task import Schedule
from tests.convert.learning import PICTURES, contents, forget, hooks, same
from tests.convert.learnt import backbone, each
from tests.engine.tiny import tiny_backbone

__all__ = ["backbone", "each"]  # fixtures

NAMES = ("textual-inversion", "dreambooth")
TEXT = "wearing a red hat"
SHOWN: list[Image] = PICTURES[:2]

every_rival = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    forget()


def few(name: str, **more: object) -> Converter:
    return converters.make(name, {"steps": 2, "batch": 1, **more})


def equal(one: Embedding, other: Embedding) -> bool:
    """Whether two embeddings share all bits, adjustments included."""
    mine, theirs = (e.adjustment.additions if e.adjustment else {} for e in (one, other))
    return torch.equal(one.tokens, other.tokens) and same(dict(mine), dict(theirs))


@every_rival
def test_every_family_learns_the_same_twice_and_is_left_as_it_was(
    name: str, each: LatentDiffusion
) -> None:
    before, watching, state = contents(each), hooks(each), torch.get_rng_state()
    learns = [p.requires_grad for p in each.unet.parameters()]
    first = few(name).convert(each, SHOWN)
    forget()
    assert equal(few(name).convert(each, SHOWN), first)
    assert same(contents(each), before)
    assert torch.equal(torch.get_rng_state(), state)
    assert hooks(each) == watching
    assert [p.requires_grad for p in each.unet.parameters()] == learns
    assert not hasattr(each.unet, "peft_config")
    assert first.tokens.shape == (len(SHOWN), each.length, each.width)
    assert (first.pooled is None) == (each.unconditional().pooled is None)
    assert torch.equal(first.tokens[0], first.tokens[1])  # one subject


def test_pseudo_words_move_away_from_the_word_that_they_start_as(each: LatentDiffusion) -> None:
    made = few("textual-inversion", kind="cat").convert(each, SHOWN[:1])
    plain = each.embed(["cat"])
    assert not torch.equal(made.tokens, plain.tokens)
    still = few("textual-inversion", kind="cat", rate=1e-9).convert(each, SHOWN[:1])
    torch.testing.assert_close(still.tokens, plain.tokens, rtol=1e-4, atol=1e-4)


def test_dreambooth_learns_additions_to_all_attention_for_a_prompt_that_stays(
    backbone: LatentDiffusion,
) -> None:
    made = few("dreambooth").convert(backbone, SHOWN[:1])
    assert torch.equal(made.tokens, backbone.embed(["a sks person"]).tokens)
    assert made.adjustment is not None
    assert len(made.adjustment.additions) == 4 * len(backbone.sites)
    x, level = torch.zeros(1, *backbone.latent), torch.tensor([500])
    with torch.no_grad():
        plain = backbone.denoise(x, level, backbone.embed(["a sks person"]))
        assert not torch.equal(backbone.denoise(x, level, made), plain)


def test_low_rank_layers_add_what_their_adjustment_says(backbone: LatentDiffusion) -> None:
    from lookalike.convert.learning.lora import _additions
    from lookalike.models.adjusting import adjusted

    schedule = Schedule(steps=1, batch=1, rate=1e-3, bf16=False)
    told, x, level = backbone.embed([TEXT]), torch.ones(1, *backbone.latent), torch.tensor([300])
    recipe = LoraRecipe(schedule=schedule, rank=2, text=TEXT)
    with torch.no_grad(), low_rank(backbone, recipe) as layers:
        for place, weight in enumerate(layers.parameters()):
            weight.add_(0.02 * (place % 3 + 1))
        inside, learnt = backbone.denoise(x, level, told), _additions(backbone)
    with torch.no_grad(), adjusted(backbone.unet, learnt):
        outside = backbone.denoise(x, level, told)
    torch.testing.assert_close(inside, outside, rtol=1e-3, atol=1e-3)


def test_a_dreambooth_that_is_stopped_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    from lookalike.convert.learning import lora

    of = tiny_backbone()
    before = contents(of)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lora.LoraTask, "prompt", stopped)
    with pytest.raises(KeyboardInterrupt):
        few("dreambooth").convert(of, SHOWN)
    assert same(contents(of), before)
    assert not hasattr(of.unet, "peft_config")
    monkeypatch.undo()
    few("dreambooth").convert(of, SHOWN)


Joint = Callable[[LatentDiffusion], tuple[Embedding, Embedding, int]]


def inverted(of: LatentDiffusion) -> tuple[Embedding, Embedding, int]:
    """The pseudo-words alone and with the text behind them, and where that ends."""
    by = few("textual-inversion")
    assert isinstance(by, TextualInversion)
    words, added = by.words(of, SHOWN), f", {TEXT}"
    with torch.no_grad():
        alone, joint = spoken(of, words), spoken(of, words, added)
    return alone, joint, int(of.ends([places(1) + added])[0])


def boothed(of: LatentDiffusion) -> tuple[Embedding, Embedding, int]:
    """The rare word's prompt alone and with the text behind it, and where that ends."""
    by = few("dreambooth")
    assert isinstance(by, DreamBooth)
    texts = [by.text, f"{by.text}, {TEXT}"]
    return of.embed(texts[:1]), of.embed(texts[1:]), int(of.ends(texts[1:])[0])


@pytest.mark.parametrize(("name", "read"), list(zip(NAMES, (inverted, boothed), strict=True)))
def test_an_edit_keeps_the_joint_prompts_words_and_weighs_its_end(
    name: str, read: Joint, each: LatentDiffusion
) -> None:
    alone, joint, end = read(each)
    by = few(name)
    none, half, all_of_it, usual = (
        by.edit(each, SHOWN, TEXT, balance) for balance in (0.0, 0.5, 1.0, None)
    )
    for edited in (none, half, all_of_it):
        torch.testing.assert_close(edited.tokens[0, :end], joint.tokens[0, :end])
    torch.testing.assert_close(none.tokens[1, end:], alone.tokens[0, end:])
    torch.testing.assert_close(all_of_it.tokens[1], joint.tokens[0])
    mean = (alone.tokens[0, end:] + joint.tokens[0, end:]) / 2
    torch.testing.assert_close(half.tokens[0, end:], mean)
    assert torch.equal(usual.tokens, all_of_it.tokens)
    assert (none.adjustment is None) == (name == "textual-inversion")
    if joint.pooled is not None:
        torch.testing.assert_close(none.pooled[:1], alone.pooled)
        torch.testing.assert_close(all_of_it.pooled[:1], joint.pooled)


@every_rival
def test_an_edit_without_words_or_with_a_wrong_balance_is_refused_before_it_learns(
    name: str, backbone: LatentDiffusion
) -> None:
    slow = converters.make(name, {"steps": 100_000})
    with pytest.raises(PromptError, match="empty"):
        slow.edit(backbone, SHOWN, " ")
    with pytest.raises(OptionError, match="0 to 2"):
        slow.edit(backbone, SHOWN, TEXT, 2.5)
