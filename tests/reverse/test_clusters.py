"""Splits by prompt cluster: whole families in one part, shares kept, and bad input refused."""

from __future__ import annotations

from collections.abc import Generator
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.core.errors import OptionError
from lookalike.reverse.clusters import Parted, split, split_by
from lookalike.reverse.dealing import dealt, nearest_sum
from lookalike.reverse.manifest import CLUSTER, SPLIT, DataError, Manifest, Part, read
from tests.reverse.conftest import MakeManifest, WordReader

FAMILIES = [f"{thing} {thing}s {thing}ish" for thing in ("cat", "fox", "sea", "car", "oak", "inn")]
PROMPTS = [f"{family} number{i % 8}" for family in FAMILIES for i in range(16)]
"""Six families of eight prompts, each asked twice."""


def run(work: Generator[Any, None, Parted]) -> Parted:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


@pytest.fixture
def parted(manifest_with: MakeManifest, reader: WordReader) -> Parted:
    work = split(manifest_with(PROMPTS), reader, clusters=6, validation=1 / 6, test=1 / 3)
    return run(work)


def by(manifest: Manifest, name: str) -> dict[str, set[Any]]:
    """The values of a column that each prompt has."""
    found: dict[str, set[Any]] = {}
    for prompt, value in zip(manifest.prompts, manifest.column(name), strict=True):
        found.setdefault(prompt, set()).add(value)
    return found


def test_a_cluster_lies_in_one_part_and_a_prompt_in_one_cluster(parted: Parted) -> None:
    clusters = by(parted.manifest, CLUSTER)
    assert all(len(each) == 1 for each in clusters.values())
    parts: dict[int, set[str]] = {}
    pairs = zip(parted.manifest.column(CLUSTER), parted.manifest.column(SPLIT), strict=True)
    for cluster, part in pairs:
        parts.setdefault(cluster, set()).add(part)
    assert all(len(each) == 1 for each in parts.values())
    assert set(parts) == set(range(len(parts)))


def test_prompts_of_one_family_share_a_part_and_the_shares_are_as_asked(parted: Parted) -> None:
    parts = by(parted.manifest, SPLIT)
    for family in FAMILIES:
        assert len({part for text, each in parts.items() if family in text for part in each}) == 1
    counts = {each.part: (each.rows, each.prompts) for each in parted.shares}
    assert counts == {"train": (48, 24), "validation": (16, 8), "test": (32, 16)}
    clusters = by(parted.manifest, CLUSTER).values()
    assert sum(each.clusters for each in parted.shares) == len(set.union(*clusters))


def test_the_nearness_is_that_of_a_slow_count_and_a_random_split_is_nearer(parted: Parted) -> None:
    reader = WordReader()
    known, asked = (
        reader.read(sorted(set(parted.manifest.part(name).prompts))).numpy()
        for name in ("train", "test")
    )
    slow = np.mean([max(float(a @ k) for k in known) for a in asked])
    assert parted.near == pytest.approx(slow, abs=1e-5)
    assert parted.near is not None
    assert parted.near_random is not None
    assert parted.near_random > parted.near + 0.2


def test_the_same_seed_makes_the_same_split_and_another_seed_another(
    manifest_with: MakeManifest,
) -> None:
    rows = manifest_with(PROMPTS)
    splits = [
        run(split(rows, WordReader(), clusters=6, seed=seed)).manifest.column(SPLIT)
        for seed in (3, 3, 4, 5)
    ]
    assert splits[0] == splits[1]
    assert splits[0] != splits[2] or splits[0] != splits[3]


def test_a_distinct_prompt_is_read_once(manifest_with: MakeManifest, reader: WordReader) -> None:
    run(split(manifest_with(PROMPTS), reader))
    assert reader.asked == list(dict.fromkeys(PROMPTS))


def test_without_a_test_part_there_is_no_nearness(
    manifest_with: MakeManifest, reader: WordReader
) -> None:
    parted = run(split(manifest_with(PROMPTS), reader, clusters=6, test=0))
    assert (parted.near, parted.near_random) == (None, None)
    assert "test" not in parted.manifest.column(SPLIT)
    assert "no test part" in parted.nearness


@pytest.mark.parametrize(
    ("options", "fault", "said"),
    [
        (
            {"clusters": 49},
            DataError,
            "49 clusters need as many .* there are 48",
        ),
        ({"clusters": 2}, OptionError, "2 clusters are too few for 3 parts"),
        ({"validation": 0.5, "test": 0.5}, OptionError, "leaves no rows to train on"),
        ({"validation": 1.0, "test": 0.0}, OptionError, "leaves no rows to train on"),
        ({"validation": -0.1}, OptionError, "shares lie between 0 and 1"),
        ({"test": float("nan")}, OptionError, "shares lie between 0 and 1"),
    ],
)
def test_what_cannot_be_split_is_refused_in_one_line(
    manifest_with: MakeManifest,
    reader: WordReader,
    options: dict[str, Any],
    fault: type[Exception],
    said: str,
) -> None:
    with pytest.raises(fault, match=said) as raised:
        run(split(manifest_with(PROMPTS), reader, **options))
    assert "\n" not in str(raised.value)
    assert reader.asked == []


def test_texts_that_are_read_alike_cannot_be_clustered_apart(
    manifest_with: MakeManifest, reader: WordReader
) -> None:
    with pytest.raises(DataError, match="too few to give"):
        run(split(manifest_with(["a b", "b  a", "b a", "a  b"]), reader, clusters=3))


def test_a_pinned_split_is_kept_as_it_is_given(parted: Parted) -> None:
    parts: list[Part] = ["train", "test"] * 48
    pinned = split_by(parted.manifest, parts)
    assert pinned.column(SPLIT) == parts
    assert CLUSTER not in pinned.rows.column_names
    assert pinned.prompts == PROMPTS


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (["train"] * 95, "96 rows need as many parts, not 95"),
        (["test"] * 96, "no row is in the part train"),
    ],
)
def test_a_pinned_split_of_wrong_parts_is_refused(
    parted: Parted, parts: list[Part], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        split_by(parted.manifest, parts)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=8), st.floats(0.01, 0.99), st.integers(0, 1)
)
def test_no_choice_is_nearer_than_the_nearest_sum(
    sizes: list[int], share: float, spare: int
) -> None:
    target = share * sum(sizes)
    choices = [c for n in range(1, len(sizes) + 1 - spare) for c in combinations(sizes, n)]
    found = nearest_sum(sizes, target, spare)
    assert len(set(found)) == len(found) <= len(sizes) - spare
    reached = abs(sum(sizes[i] for i in found) - target)
    assert reached == pytest.approx(min(abs(sum(c) - target) for c in choices))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=3, max_size=20), st.integers(0, 9))
def test_every_part_that_has_a_share_gets_a_cluster(sizes: list[int], seed: int) -> None:
    assert set(dealt(np.array(sizes), (0.1, 0.6), seed)) == {0, 1, 2}


def test_a_split_is_kept_in_the_file(parted: Parted) -> None:
    from lookalike.reverse.manifest import write

    write(parted.manifest)
    again = read(parted.manifest.folder)
    assert again.part("test").prompts == parted.manifest.part("test").prompts
