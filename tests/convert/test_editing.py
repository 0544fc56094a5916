"""Editing: the text keeps its words, the picture takes the rest."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.convert.closed_form import ClosedForm
from lookalike.convert.editing import BALANCE, blend_text, edit_embedding
from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError, PromptError
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import noise_picture

TEXT = "wearing a red hat"


@pytest.fixture(scope="module")
def picture(backbone: LatentDiffusion) -> Embedding:
    return ClosedForm().convert(backbone, [noise_picture()])


def test_no_text_and_no_balance_are_the_plain_variation(
    backbone: LatentDiffusion, picture: Embedding
) -> None:
    empty = backbone.embed([""])
    edited = blend_text(picture, empty, end=1, balance=0.0)
    assert torch.equal(edited.tokens, picture.tokens)


@pytest.mark.parametrize("balance", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("text", ["red", TEXT, "word " * 200])
def test_places_before_the_end_of_the_text_are_bit_identical_to_the_texts(
    backbone: LatentDiffusion, picture: Embedding, text: str, balance: float
) -> None:
    told, end = backbone.embed([text]).tokens, int(backbone.ends([text])[0])
    edited = edit_embedding(backbone, picture, text, balance)
    assert end == {"red": 2, TEXT: 5}.get(text, 76)
    assert torch.equal(edited.tokens[:, :end], told[:, :end])
    by_hand = picture.tokens[:, end:] + balance * told[:, end:]
    assert torch.equal(edited.tokens[:, end:], by_hand)
    assert edited.space == backbone.space


def test_the_balance_is_the_published_one_where_none_is_given(
    backbone: LatentDiffusion, picture: Embedding
) -> None:
    assert BALANCE == 0.6
    plain = edit_embedding(backbone, picture, TEXT)
    assert torch.equal(plain.tokens, edit_embedding(backbone, picture, TEXT, 0.6).tokens)


def test_the_picture_stays_as_it_was(backbone: LatentDiffusion, picture: Embedding) -> None:
    before = picture.tokens.clone()
    edit_embedding(backbone, picture, TEXT, 0.0)
    edit_embedding(backbone, picture, TEXT, 1.0)
    assert torch.equal(picture.tokens, before)


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_an_empty_edit_is_refused(backbone: LatentDiffusion, picture: Embedding, text: str) -> None:
    with pytest.raises(PromptError, match="empty"):
        edit_embedding(backbone, picture, text)


@pytest.mark.parametrize("balance", [-0.01, 2.01, float("nan"), float("inf")])
def test_a_balance_out_of_bounds_is_refused(
    backbone: LatentDiffusion, picture: Embedding, balance: float
) -> None:
    with pytest.raises(OptionError, match="balance"):
        edit_embedding(backbone, picture, TEXT, balance)


def test_a_picture_of_another_space_is_refused(
    backbone: LatentDiffusion, picture: Embedding
) -> None:
    strange = Embedding(picture.tokens, None, "sd2:another")
    with pytest.raises(OptionError, match="sd2:another"):
        edit_embedding(backbone, strange, TEXT)


@given(end=st.integers(1, 8), balance=st.floats(0, 2), seed=st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_pooled_vectors_are_balanced_as_the_end_states_are(
    end: int, balance: float, seed: int
) -> None:
    draw = torch.Generator().manual_seed(seed)
    shown, told = (
        Embedding(torch.randn(1, 9, 3, generator=draw), torch.randn(1, 5, generator=draw), "x")
        for _ in range(2)
    )
    edited = blend_text(shown, told, end, balance)
    assert edited.pooled is not None
    assert shown.pooled is not None
    assert told.pooled is not None
    torch.testing.assert_close(edited.pooled, shown.pooled + balance * told.pooled)
    assert torch.equal(edited.tokens[:, :end], told.tokens[:, :end])
