"""What every converter promises, held over all that are registered."""

from __future__ import annotations

import pytest
import torch
from PIL.Image import Image
from torch import Tensor

from lookalike.convert import Converter, converters
from lookalike.core.embedding import Embedding
from lookalike.models.backbone import Backbone
from lookalike.world.caption import caption
from lookalike.world.look import Look
from tests.contract.methods import (
    assert_an_unknown_name_is_refused,
    assert_it_says_what_it_does,
    assert_options_are_described,
    assert_wrong_options_are_refused,
)

OWN = 0.9
"""Share of renderings that must be nearest to their own caption: mini's draft finds as many
captions among 500, and here there are 20."""

FEW: dict[str, dict[str, object]] = {
    "gradient": {"steps": 12},
    "hard-prompt": {"steps": 20, "length": 12},
}
"""Options of converters that take their time, with which they keep the same promises."""

every_converter = pytest.mark.parametrize("name", converters.names())


@pytest.fixture(scope="module")
def found(mini: Backbone, pictures: list[Image]) -> dict[str, Embedding]:
    """What each converter makes of all renderings."""
    return {n: quick(n).convert(mini, pictures) for n in converters.names()}


def quick(name: str) -> Converter:
    return converters.make(name, FEW.get(name, {}))


def test_the_closed_form_is_registered() -> None:
    assert "closed-form" in converters.names()


@every_converter
def test_a_converter_says_what_it_does(name: str) -> None:
    assert_it_says_what_it_does(name, converters.get(name))


@every_converter
def test_every_option_of_a_converter_is_described(name: str) -> None:
    assert_options_are_described(converters.get(name))


@every_converter
def test_a_wrong_option_of_a_converter_is_refused(name: str) -> None:
    assert_wrong_options_are_refused(converters, name)


def test_an_unknown_converter_is_refused_with_the_nearest() -> None:
    assert_an_unknown_name_is_refused(converters)


@every_converter
def test_an_embedding_is_of_the_models_space_and_shape(
    name: str, mini: Backbone, found: dict[str, Embedding]
) -> None:
    made = found[name]
    assert made.space == mini.space
    assert made.tokens.shape == (20, mini.length, mini.width)
    assert made.tokens.dtype == torch.float32
    assert (made.pooled is None) == (mini.unconditional().pooled is None)
    assert bool(made.tokens.isfinite().all())


@every_converter
def test_a_converter_is_deterministic(
    name: str, mini: Backbone, pictures: list[Image], found: dict[str, Embedding]
) -> None:
    again = quick(name).convert(mini, pictures)
    assert torch.equal(again.tokens, found[name].tokens)


@every_converter
def test_rows_are_in_the_order_of_the_pictures(
    name: str, mini: Backbone, pictures: list[Image], found: dict[str, Embedding]
) -> None:
    turned = quick(name).convert(mini, [pictures[2], pictures[0]])
    expected = found[name].tokens[[2, 0]]
    torch.testing.assert_close(turned.tokens, expected, rtol=1e-2, atol=1e-2)


def end_states(mini: Backbone, texts: list[str]) -> Tensor:
    ends = mini.ends(texts)
    return mini.embed(texts).tokens[torch.arange(len(texts)), ends].float()


@every_converter
def test_a_rendering_is_nearer_to_its_own_caption_than_to_others(
    name: str, mini: Backbone, shown: list[Look], found: dict[str, Embedding]
) -> None:
    """Judged on the mean state behind the start.

    A converter of one vector has it in all places. One of tokens has most of it from the places
    behind its end token, which hold what the text tower makes of the whole; its tokens count too.
    """
    with torch.no_grad():
        said = end_states(mini, [caption(one) for one in shown])
    read = found[name].tokens[:, 1:].mean(1)  # the start token is the same in every prompt
    near = torch.nn.functional.normalize(read, dim=-1) @ torch.nn.functional.normalize(said).T
    nearest = near.argmax(1) == torch.arange(len(shown))
    assert float(nearest.float().mean()) >= OWN
    own, all_of_them = near.diagonal(), near.mean(1)
    assert bool((own > all_of_them).all())
