"""A name in a text is read as its vectors, wherever it stands, and as nothing else."""

from __future__ import annotations

import pytest
import torch

from lookalike.models.latent import LatentDiffusion
from lookalike.models.named import Words, embed_each, embed_named, end_states, names_in
from lookalike.models.spoken import table
from tests.engine.tiny import tiny_backbone


@pytest.fixture(scope="module")
def backbones() -> dict[str, LatentDiffusion]:
    return {family: tiny_backbone(family) for family in ("sd1", "sdxl")}


def said(backbone: LatentDiffusion, text: str) -> Words:
    """The token embeddings of a text's words, for each tower."""
    return tuple(
        table(tower)[tower.tokenizer(text, add_special_tokens=False)["input_ids"]]
        for tower in backbone.towers
    )


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("@nadia, reading a book", "blue cat, reading a book"),
        ("a photo of @nadia.", "a photo of blue cat."),
        ("@nadia and @otto in the rain", "blue cat and old dog in the rain"),
        ("@nadia", "blue cat"),
    ],
)
def test_a_name_reads_as_the_words_whose_vectors_it_has(
    backbones: dict[str, LatentDiffusion], family: str, text: str, plain: str
) -> None:
    backbone = backbones[family]
    names = {"nadia": said(backbone, "blue cat"), "otto": said(backbone, "old dog")}
    found = embed_named(backbone, [text, plain], names)
    assert torch.allclose(found.tokens[0], found.tokens[1], atol=1e-5)
    assert not torch.equal(found.tokens[0], backbone.embed([text]).tokens[0])


def test_rows_have_names_of_their_own(backbones: dict[str, LatentDiffusion]) -> None:
    backbone = backbones["sd1"]
    names = [{"it": said(backbone, word)} for word in ("blue cat", "old dog")]
    found = embed_each(backbone, ["a @it", "a @it"], names)
    wanted = backbone.embed(["a blue cat", "a old dog"])
    assert torch.allclose(found.tokens, wanted.tokens, atol=1e-5)


def test_what_no_name_is_known_for_stays_words(backbones: dict[str, LatentDiffusion]) -> None:
    backbone = backbones["sd1"]
    text = "me@nadia.org and @unknown"
    names = {"nadia": said(backbone, "blue cat")}
    assert torch.equal(embed_named(backbone, [text], names).tokens, backbone.embed([text]).tokens)
    assert names_in("me@nadia.org, @otto and @blue-hero.") == ["otto", "blue-hero"]


def test_a_name_behind_the_last_token_is_cut_like_words(
    backbones: dict[str, LatentDiffusion],
) -> None:
    backbone = backbones["sd1"]
    names = {"nadia": said(backbone, "blue cat")}
    for many in (73, 74, 75, 80):
        words = " ".join(["dog"] * many)
        found = embed_named(backbone, [f"{words} @nadia"], names)
        wanted = backbone.embed([f"{words} blue cat"])
        assert torch.allclose(found.tokens, wanted.tokens, atol=1e-5)


def test_gradients_reach_the_vectors(backbones: dict[str, LatentDiffusion]) -> None:
    backbone = backbones["sd1"]
    words = tuple(each.clone().requires_grad_() for each in said(backbone, "blue cat"))
    end_states(backbone.towers[0], 0, ["a @it here"], [{"it": words}]).sum().backward()
    assert words[0].grad is not None
    assert bool(words[0].grad.abs().sum() > 0)


def test_states_before_the_end_are_those_of_the_last_words(
    backbones: dict[str, LatentDiffusion],
) -> None:
    backbone = backbones["sd1"]
    names = [{"it": said(backbone, "blue cat")}]
    found = end_states(backbone.towers[0], 0, ["a @it"], names, before=2)
    whole = backbone.embed(["a blue cat"]).tokens[0]
    assert torch.allclose(found[0], whole[2:4].flatten(), atol=1e-5)
