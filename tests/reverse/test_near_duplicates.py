"""Thinned prompts: none is near one before it, none is lost that is near nothing."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float

from lookalike.core.errors import OptionError
from lookalike.reverse import near_duplicates
from lookalike.reverse.manifest import DataError
from lookalike.reverse.near_duplicates import Thinner, thin, thinned
from tests.reverse.conftest import MakeManifest, WordReader

R = TypeVar("R")

THINGS = ("cat", "fox", "sea", "car", "oak", "inn", "map", "owl")
TEXTS = [f"a {thing} {more}".strip() for more in ("", "a", "now", "a a") for thing in THINGS]


def run(work: Generator[Any, None, R]) -> R:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def family(count: int, seed: int, width: int = 8) -> Float[np.ndarray, "rows width"]:
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((4, width))[chance.integers(4, size=count)]
    spread = chance.uniform(0, 1.5, (count, 1)) * chance.standard_normal((count, width))
    return (centres + spread).astype(np.float32)


def slow(
    vectors: np.ndarray, below: float, against: np.ndarray | None = None
) -> tuple[list[bool], float]:
    """Whether each is kept, one after the other, and how near a cosine came to the bound."""
    units = vectors.astype(np.float64) / np.linalg.norm(vectors, axis=1, keepdims=True)
    known = [] if against is None else [a / np.linalg.norm(a) for a in against.astype(np.float64)]
    kept, margin = [], 1.0
    for unit in units:
        cosines = [float(unit @ each) for each in known]
        margin = min([margin, *(abs(cosine - below) for cosine in cosines)])
        kept.append(all(cosine < below for cosine in cosines))
        if kept[-1]:
            known.append(unit)
    return kept, margin


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 50), st.integers(1, 20), st.floats(0.3, 0.99), st.integers(0, 99), st.booleans()
)
def test_few_are_thinned_as_by_a_slow_count_in_blocks_of_any_size(
    rows: int, block: int, below: float, seed: int, beside: bool
) -> None:
    vectors, against = family(rows, seed), family(6, seed + 500)
    thinner = Thinner(below)
    if beside:
        thinner.know(against)
    kept = [each for at in range(0, rows, block) for each in thinner.keep(vectors[at : at + block])]
    wanted, margin = slow(vectors, below, against if beside else None)
    assert kept == wanted or margin < 1e-6
    assert len(thinner) == sum(kept) + 6 * beside


def test_many_are_thinned_through_a_graph_nearly_as_by_a_slow_count() -> None:
    vectors = family(1500, 1)
    thinner = Thinner(0.9, exact_below=50)
    kept = np.concatenate([thinner.keep(vectors[at : at + 100]) for at in range(0, 1500, 100)])
    wanted = np.array(slow(vectors, 0.9)[0])
    assert 100 < wanted.sum() < 1400
    assert (kept == wanted).mean() > 0.98


def test_texts_are_thinned_in_their_order_and_block_by_block(
    monkeypatch: pytest.MonkeyPatch, reader: WordReader
) -> None:
    whole = run(thinned(reader, TEXTS))
    assert whole[:8] == list(range(8))
    assert 8 <= len(whole) < len(TEXTS)
    monkeypatch.setattr(near_duplicates, "BLOCK", 5)
    assert run(thinned(reader, TEXTS)) == whole
    wanted, margin = slow(reader.read(TEXTS).numpy(), 0.8)
    assert margin > 1e-5
    assert whole == [place for place, kept in enumerate(wanted) if kept]


def test_what_another_set_says_is_not_kept(reader: WordReader) -> None:
    assert run(thinned(reader, ["a cat", "tin drum"], against=["cat a", "an owl"])) == [1]
    assert run(thinned(reader, [], against=["cat a"])) == []


def test_a_prompt_keeps_all_of_its_rows(manifest_with: MakeManifest, reader: WordReader) -> None:
    manifest = manifest_with(["a cat", "tin drum", "a cat", "cat a", "tin drum", "an owl"])
    kept = run(thin(manifest, reader))
    assert kept.column("seed") == [0, 1, 2, 4, 5]
    apart = run(thin(manifest, reader, against=[manifest.take([1])]))
    assert apart.column("seed") == [0, 2, 5]
    with pytest.raises(DataError, match=r"every prompt of .* is too near"):
        run(thin(manifest, reader, against=[manifest]))


@pytest.mark.parametrize("below", [-1.0, 1.2, float("nan")])
def test_a_bound_that_is_no_cosine_is_refused(below: float) -> None:
    with pytest.raises(OptionError, match="is no bound"):
        Thinner(below)
