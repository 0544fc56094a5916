"""Directions take over one kind of thing from a picture's vectors, and leave the others alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Conditioning
from lookalike.core.records import Prompt
from lookalike.engine.plan import text_plan
from lookalike.models.latent import LatentDiffusion
from lookalike.refer.directions import (
    APART,
    MAIN,
    Directions,
    _main,
    _spans,
    directions_of,
    speaking,
)
from lookalike.refer.words import Kind, families, table

KINDS: tuple[Kind, ...] = ("style", "face", "hair", "clothes")
AXES = Directions(torch.eye(6)[:2], None)


def embedding(seed: int) -> Embedding:
    generator = torch.Generator().manual_seed(seed)
    return Embedding(torch.randn(1, 4, 6, generator=generator), None, "stub")


def test_a_whole_share_takes_on_the_picture_along_the_directions_alone() -> None:
    words, picture = embedding(1), embedding(2)
    moved = AXES.moved(words, picture, 1.0)
    mean = moved.tokens[0, 1:].mean(0)
    torch.testing.assert_close(mean[:2], picture.tokens[0, -1, :2])
    torch.testing.assert_close(moved.tokens[..., 2:], words.tokens[..., 2:])
    assert torch.equal(moved.tokens[:, 0], words.tokens[:, 0])


def test_words_keep_what_tells_them_apart() -> None:
    words = embedding(1)
    moved = AXES.moved(words, embedding(2), 0.7)
    torch.testing.assert_close(
        moved.tokens[:, 2] - moved.tokens[:, 1], words.tokens[:, 2] - words.tokens[:, 1]
    )


def test_no_share_moves_nothing() -> None:
    assert torch.equal(AXES.moved(embedding(1), embedding(2), 0.0).tokens, embedding(1).tokens)


@pytest.mark.parametrize("kind", KINDS)
def test_directions_are_orthonormal_and_apart(backbone: LatentDiffusion, kind: Kind) -> None:
    found = directions_of(backbone, kind).tokens
    torch.testing.assert_close(found @ found.T, torch.eye(len(found)), rtol=1e-3, atol=1e-3)
    assert 0 < len(found) < backbone.width
    for other in APART.get(kind, ()):
        assert float((found @ _main(_spans(backbone, other).tokens, MAIN).T).abs().max()) < 1e-2


def test_what_pushes_away_keeps_its_words(backbone: LatentDiffusion) -> None:
    plan = text_plan(backbone, Prompt.of("a cat"), [1])
    away = Conditioning(backbone.embed(["rain"]), -1.0)
    plan = replace(plan, conditionings=(*plan.conditionings, away))
    bent = speaking(backbone, plan, backbone.embed(["a dog"]), [("style", 1.0)])
    assert torch.equal(bent.conditionings[1].embedding.tokens, away.embedding.tokens)
    assert not torch.equal(
        bent.conditionings[0].embedding.tokens, plan.conditionings[0].embedding.tokens
    )


@pytest.mark.parametrize("kind", [*KINDS, "background"])
def test_every_phrase_stands_in_the_same_sentences(backbone: LatentDiffusion, kind: Kind) -> None:
    for family in families(backbone, kind):
        said = family.sentences(2)
        assert len(said) == 2 * len(family.phrases) == len(set(said))
        first = [text.removesuffix(family.phrases[0]) for text in said[:2]]
        assert [text.removesuffix(family.phrases[1]) for text in said[2:4]] == first


def test_every_part_with_a_mask_has_two_ways_to_be() -> None:
    contrast = table()["contrast"]
    assert set(contrast) == {"face", "hair", "clothes", "background"}
    assert all(len(set(pair)) == 2 for pair in contrast.values())
