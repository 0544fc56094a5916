"""Embeddings keep their space, survive a file, and mix only with their like."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from safetensors.torch import save_file

from lookalike.core.embedding import Embedding, about, mix
from lookalike.core.errors import ModelError, OptionError


def draw(
    batch: int = 2, *, pooled: int | None = None, seed: int = 0, space: str = "sd1:abc"
) -> Embedding:
    chance = torch.Generator().manual_seed(seed)
    tokens = torch.randn(batch, 7, 5, generator=chance)
    extra = None if pooled is None else torch.randn(batch, pooled, generator=chance)
    return Embedding(tokens=tokens, pooled=extra, space=space)


def same(one: Embedding, two: Embedding) -> bool:
    if (one.pooled is None) != (two.pooled is None) or one.space != two.space:
        return False
    pooled = one.pooled is None or two.pooled is None or torch.equal(one.pooled, two.pooled)
    return torch.equal(one.tokens, two.tokens) and pooled


@pytest.mark.parametrize("pooled", [None, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_file_gives_back_what_was_saved(
    tmp_path: Path, pooled: int | None, dtype: torch.dtype
) -> None:
    path = tmp_path / "new" / "e.safetensors"
    given_one = draw(pooled=pooled).to("cpu", dtype)
    given_one.save(path, about={"by": "closed-form"})
    assert same(Embedding.load(path), given_one)
    assert about(path)["by"] == "closed-form"
    assert about(path)["space"] == "sd1:abc"


def test_a_view_can_be_saved(tmp_path: Path) -> None:
    turned = Embedding(tokens=draw().tokens.transpose(1, 2), pooled=None, space="s")
    turned.save(tmp_path / "e.safetensors")
    assert same(Embedding.load(tmp_path / "e.safetensors"), turned)


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Embedding.load(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_what_is_not_an_embedding_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "e.safetensors"
    assert "there is no embedding" in refusal(path)
    for data in (b"", b"hello", bytes(100)):
        path.write_bytes(data)
        assert "is not a whole safetensors file" in refusal(path)
    assert refusal(tmp_path)
    draw().save(path)
    path.write_bytes(path.read_bytes()[:-5])
    assert "is not a whole safetensors file" in refusal(path)


@pytest.mark.parametrize(
    ("tensors", "metadata"),
    [
        ({"tokens": torch.zeros(1, 2, 3)}, None),
        ({"other": torch.zeros(1, 2, 3)}, {"space": "s"}),
        ({"tokens": torch.zeros(2, 3)}, {"space": "s"}),
        ({"tokens": torch.zeros(1, 2, 3, dtype=torch.int64)}, {"space": "s"}),
        ({"tokens": torch.zeros(1, 2, 3), "pooled": torch.zeros(2, 4)}, {"space": "s"}),
    ],
)
def test_other_safetensors_are_refused(
    tmp_path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None
) -> None:
    path = tmp_path / "e.safetensors"
    save_file(tensors, path, metadata=metadata)
    assert "holds no embedding" in refusal(path)


def test_another_space_is_refused_by_name() -> None:
    draw().require("sd1:abc")
    with pytest.raises(OptionError, match="is for sd1:abc, but the model reads sd2:x"):
        draw().require("sd2:x")


def test_rows_are_taken_and_repeated_in_order() -> None:
    two = draw(pooled=3)
    assert same(two.take(1).repeat(2).take(0), two.take(1))
    four = two.repeat(2)
    assert len(four) == 4
    assert [same(four.take(row), two.take(row // 2)) for row in range(4)] == [True] * 4
    for row in (-1, 2):
        with pytest.raises(OptionError, match="there is no row"):
            two.take(row)


def test_a_batch_of_pooled_vectors_must_fit_its_tokens() -> None:
    with pytest.raises(TypeCheckError):
        Embedding(tokens=torch.zeros(2, 7, 5), pooled=torch.zeros(3, 5), space="s")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-3, 5), min_size=1, max_size=4).filter(lambda w: sum(w) > 0.1))
def test_a_mix_is_the_weighted_mean(weights: list[float]) -> None:
    many = [draw(pooled=3, seed=seed) for seed in range(len(weights))]
    got = mix(many, weights)
    total = sum(weights)
    wanted = sum(
        one.tokens.double() * weight / total for one, weight in zip(many, weights, strict=True)
    )
    torch.testing.assert_close(got.tokens.double(), wanted, rtol=1e-4, atol=1e-4)
    assert got.space == "sd1:abc"
    assert got.pooled is not None


def test_a_mix_of_one_is_that_one_whatever_its_weight() -> None:
    torch.testing.assert_close(mix([draw()], [0.3]).tokens, draw().tokens)


def test_only_like_mixes_with_like() -> None:
    with pytest.raises(OptionError, match=r"is for sd1:abc, but the model reads sd2:x"):
        mix([draw(), draw(space="sd2:x")], [1, 1])
    with pytest.raises(OptionError, match="cannot mix 2 x 7 x 5 float32 with 3 x 7 x 5 float32"):
        mix([draw(), draw(3)], [1, 1])
    with pytest.raises(OptionError, match="cannot mix"):
        mix([draw(), draw(pooled=2)], [1, 1])


@pytest.mark.parametrize("weights", [[], [1], [1, -1], [-1, 0.5], [float("nan"), 1]])
def test_weights_must_fit_and_have_a_positive_sum(weights: list[float]) -> None:
    with pytest.raises(OptionError, match="weights"):
        mix([draw(), draw()], weights)


def test_nothing_mixes_to_nothing() -> None:
    with pytest.raises(OptionError, match="nothing to mix"):
        mix([], [])
