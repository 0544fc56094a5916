"""What every converter promises, held over all that are registered."""

from __future__ import annotations

import pytest
import torch
from PIL.Image import Image
from torch import Tensor

from lookalike.convert import Converter, converters
from lookalike.convert.learning.kept import _known
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
    "online": {"steps": 1, "batch": 1},
    "textual-inversion": {"steps": 1, "batch": 1},
    "dreambooth": {"steps": 1, "batch": 1, "rank": 2},
}
"""Options of converters that take their time, with which they keep the same promises."""

ALL, LEARNT = 20, 2
"""Pictures that are converted; those that learn from what they convert get fewer, one by one."""

ONE_SUBJECT = ("dreambooth", "textual-inversion")
"""Converters that make one prompt of all pictures of a call: they show one subject."""

every_converter = pytest.mark.parametrize("name", converters.names())


@pytest.fixture(scope="module")
def domain(mini: Backbone, pictures: list[Image], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of a domain's weights, of one step: that much has to be learnt beforehand."""
    from lookalike.convert.learning.artefact import save_learner
    from lookalike.convert.learning.task import LearningTask, recipe_of
    from lookalike.train.loop import train

    recipe = recipe_of(steps=1, batch=1, rate=1e-4, seed=0)
    task = LearningTask(mini, pictures[:1], recipe)
    list(train(task, None))
    path = tmp_path_factory.mktemp("domain") / "mini.safetensors"
    save_learner(path, task.module, mini, recipe, {})
    return str(path)


@pytest.fixture(scope="module")
def found(mini: Backbone, pictures: list[Image], domain: str) -> dict[str, Embedding]:
    """What each converter makes of the renderings."""
    return {n: converted(n, mini, pictures, domain) for n in converters.names()}


def converted(name: str, mini: Backbone, pictures: list[Image], domain: str) -> Embedding:
    """The renderings' prompts; whatever learns from what it converts learns each by itself."""
    by = quick(name, domain)
    if not by.together:
        return by.convert(mini, pictures)
    alone = [by.convert(mini, [picture]) for picture in pictures[:LEARNT]]
    pooled = [one.pooled for one in alone if one.pooled is not None]
    tokens = torch.cat([one.tokens for one in alone])
    return Embedding(tokens, torch.cat(pooled) if pooled else None, alone[0].space)


def quick(name: str, domain: str) -> Converter:
    files = {"weights": domain} if name == "tuned" else {}
    return converters.make(name, {**FEW.get(name, {}), **files})


def count(name: str) -> int:
    """How many pictures a converter was given."""
    return LEARNT if converters.get(name).together else ALL


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
    assert made.tokens.shape == (count(name), mini.length, mini.width)
    assert made.tokens.dtype == torch.float32
    assert (made.pooled is None) == (mini.unconditional().pooled is None)
    assert bool(made.tokens.isfinite().all())


@every_converter
def test_a_converter_is_deterministic(
    name: str, mini: Backbone, pictures: list[Image], found: dict[str, Embedding], domain: str
) -> None:
    _known.clear()  # what was learnt before must be learnt again
    again = converted(name, mini, pictures, domain)
    assert torch.equal(again.tokens, found[name].tokens)


@every_converter
def test_rows_are_in_the_order_of_the_pictures(
    name: str, mini: Backbone, pictures: list[Image], found: dict[str, Embedding], domain: str
) -> None:
    """Rows that are learnt together are not those of pictures that are learnt alone.

    Each is then nearer to its own picture's than to the other's; where all pictures give one
    prompt, it is the same in all rows.
    """
    if not converters.get(name).together:
        turned = quick(name, domain).convert(mini, [pictures[2], pictures[0]])
        expected = found[name].tokens[[2, 0]]
        torch.testing.assert_close(turned.tokens, expected, rtol=1e-2, atol=1e-2)
        return
    turned = quick(name, domain).convert(mini, [pictures[1], pictures[0]]).tokens
    if name in ONE_SUBJECT:
        assert torch.equal(turned[0], turned[1])
        return
    away = torch.cdist(turned.flatten(1), found[name].tokens.flatten(1))
    assert away.argmin(1).tolist() == [1, 0]
    assert float(away[0, 1]) < 0.5 * float(away[0, 0])


def end_states(mini: Backbone, texts: list[str]) -> Tensor:
    ends = mini.ends(texts)
    return mini.embed(texts).tokens[torch.arange(len(texts)), ends].float()


@pytest.mark.parametrize("name", [n for n in converters.names() if n not in ONE_SUBJECT])
def test_a_rendering_is_nearer_to_its_own_caption_than_to_others(
    name: str, mini: Backbone, shown: list[Look], found: dict[str, Embedding]
) -> None:
    """Judged on the mean state behind the start.

    A converter of one vector has it in all places. One of tokens has most of it from the places
    behind its end token, which hold what the text tower makes of the whole; its tokens count too.

    Converters that begin at a word, the same for all pictures, are not meant to hold this: what a
    picture shows they learn in hundreds of steps, and DreamBooth never in its prompt.
    """
    with torch.no_grad():
        said = end_states(mini, [caption(one) for one in shown])
    read = found[name].tokens[:, 1:].mean(1)  # the start token is the same in every prompt
    near = torch.nn.functional.normalize(read, dim=-1) @ torch.nn.functional.normalize(said).T
    nearest = near.argmax(1) == torch.arange(len(read))
    assert float(nearest.float().mean()) >= OWN
    own, all_of_them = near.diagonal(), near.mean(1)
    assert bool((own > all_of_them).all())
