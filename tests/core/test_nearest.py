"""The nearest vectors are found: all of them where they are few, nearly all where they are many."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float

from lookalike.core.errors import LookalikeError, OptionError
from lookalike.core.nearest import Nearest

WIDTH = 12


def vectors(count: int, seed: int, width: int = WIDTH) -> Float[np.ndarray, "rows width"]:
    """Some of any length, in a few groups."""
    chance = np.random.default_rng(seed)
    groups = chance.standard_normal((5, width))[chance.integers(5, size=count)]
    lengths = chance.uniform(0.1, 9, (count, 1))
    return ((groups + chance.standard_normal((count, width))) * lengths).astype(np.float32)


def slow(known: np.ndarray, query: np.ndarray, count: int) -> list[tuple[int, float]]:
    """By comparing with one after the other."""
    cosines = [
        float(np.dot(v, query) / (np.linalg.norm(v) * np.linalg.norm(query)))
        for v in known.astype(np.float64)
    ]
    best = sorted(range(len(known)), key=lambda row: -cosines[row])[:count]
    return [(row, cosines[row]) for row in best]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(0, 5), st.integers(0, 99), st.data())
def test_few_vectors_are_found_as_a_slow_search_finds_them(
    rows: int, asked: int, seed: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, rows))
    known, queries = vectors(rows, seed), vectors(asked, seed + 1000)
    similarities, found = Nearest.of(known).find(queries, count)
    assert found.shape == similarities.shape == (asked, count)
    for query, near, row in zip(queries, similarities, found, strict=True):
        wanted = slow(known, query, count)
        assert near == pytest.approx([cosine for _, cosine in wanted], abs=1e-5)
        assert row.tolist() == [place for place, _ in wanted]


@pytest.mark.parametrize("asked", [1, 40])
def test_of_many_vectors_nearly_all_are_found_best_first(asked: int) -> None:
    known, queries = vectors(3000, 1), vectors(asked, 2)
    index = Nearest.of(known, exact_below=1000)
    assert not index.exact
    similarities, rows = index.find(queries, 10)
    exact, wanted = Nearest.of(known).find(queries, 10)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(rows, wanted, strict=True)])
    assert recall >= 0.95
    assert np.abs(similarities - exact).max() < 0.02
    assert (np.diff(similarities, axis=1) <= 0).all()


def test_more_of_the_nearest_than_the_graph_walks_to_are_all_found() -> None:
    known = vectors(600, 3)
    _, rows = Nearest.of(known, exact_below=0).find(known[:2], 600)
    assert [len(set(row)) for row in rows.tolist()] == [600, 600]


def test_equal_vectors_are_found_in_the_order_they_came() -> None:
    known = np.ones((6, WIDTH), np.float32)
    assert Nearest.of(known).find(known[:1], 6)[1].tolist() == [[0, 1, 2, 3, 4, 5]]


@pytest.mark.parametrize("exact_below", [0, 100, 1000])
def test_what_is_added_bit_by_bit_is_found_as_if_it_came_at_once(exact_below: int) -> None:
    known, queries = vectors(250, 4), vectors(9, 5)
    grown = Nearest.of(np.zeros((0, WIDTH), np.float32), exact_below=exact_below)
    for start in range(0, 250, 50):
        grown.add(known[start : start + 50])
    whole = Nearest.of(known, exact_below=exact_below)
    assert (len(grown), grown.exact) == (len(whole), whole.exact) == (250, exact_below == 1000)
    assert (grown.find(queries, 5)[1] == whole.find(queries, 5)[1]).all()


@pytest.mark.parametrize("exact_below", [0, 1000])
def test_what_was_saved_and_loaded_finds_the_same_and_grows(
    tmp_path: Path, exact_below: int
) -> None:
    known, queries = vectors(300, 6), vectors(20, 7)
    index, file = Nearest.of(known, exact_below=exact_below), tmp_path / "new" / "index"
    index.save(file)
    loaded = Nearest.load(file, rows=300, width=WIDTH, exact_below=exact_below)
    assert (len(loaded), loaded.width, loaded.exact) == (300, WIDTH, index.exact)
    for one, other in zip(loaded.find(queries, 7), index.find(queries, 7), strict=True):
        assert (one == other).all()
    loaded.add(queries)
    assert loaded.find(queries, 1)[1][:, 0].tolist() == list(range(300, 320))
    assert [each.name for each in file.parent.iterdir()] == ["index"]


def test_the_same_vectors_make_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        Nearest.of(vectors(500, 8), exact_below=0).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("exact_below", [0, 1000])
@pytest.mark.parametrize("kept", [0, 5, 200, -1])
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, exact_below: int, kept: int) -> None:
    file = tmp_path / "index"
    Nearest.of(vectors(300, 6), exact_below=exact_below).save(file)
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(LookalikeError, match="index is damaged") as raised:
        Nearest.load(file)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("exact_below", [0, 1000])
def test_a_file_of_other_vectors_than_expected_is_refused(tmp_path: Path, exact_below: int) -> None:
    file = tmp_path / "index"
    Nearest.of(vectors(30, 6), exact_below=exact_below).save(file)
    with pytest.raises(LookalikeError, match="index holds 30 vectors, not 31"):
        Nearest.load(file, rows=31)
    with pytest.raises(LookalikeError, match="index holds 12 numbers each, not 384"):
        Nearest.load(file, width=384)
    with pytest.raises(LookalikeError, match="nothing: "):
        Nearest.load(tmp_path / "nothing")


@pytest.mark.parametrize("exact_below", [0, 1000])
@pytest.mark.parametrize(
    ("queries", "count", "said"),
    [
        (np.ones((1, WIDTH + 1)), 1, "a vector has 13 numbers and should have 12"),
        (np.full((2, WIDTH), np.nan), 1, "vector 0 is not finite"),
        (np.full((2, WIDTH), np.inf), 1, "vector 0 is not finite"),
        (np.eye(2, WIDTH, k=-1), 1, "vector 0 has no length"),
        (np.ones((1, WIDTH)), 31, "cannot find 31 nearest among 30 vectors"),
        (np.ones((1, WIDTH)), 0, "cannot find 0 nearest among 30 vectors"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    exact_below: int, queries: np.ndarray, count: int, said: str
) -> None:
    index = Nearest.of(vectors(30, 1), exact_below=exact_below)
    with pytest.raises(LookalikeError, match=said):
        index.find(queries.astype(np.float32), count)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (np.full((2, WIDTH), np.nan), "vector 0 is not finite"),
        (np.ones((2, 3)), "a vector has 3 numbers and should have 12"),
    ],
)
def test_what_cannot_be_added_is_refused_and_changes_nothing(more: np.ndarray, said: str) -> None:
    index = Nearest.of(vectors(30, 1), exact_below=31)
    with pytest.raises(LookalikeError, match=said):
        index.add(more.astype(np.float32))
    assert (len(index), index.exact) == (30, True)


def test_among_nothing_nothing_is_found() -> None:
    empty = Nearest.of(np.zeros((0, WIDTH), np.float32))
    with pytest.raises(LookalikeError, match="no vectors were added yet"):
        empty.find(vectors(1, 1), 1)


def test_without_usearch_few_vectors_are_found_and_many_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    assert Nearest.of(vectors(30, 1)).find(vectors(1, 1), 1)[1].shape == (1, 1)
    with pytest.raises(OptionError, match=r'pip install "lookalike\[reverse\]"'):
        Nearest.of(vectors(30, 1), exact_below=10)
