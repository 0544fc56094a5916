"""Splits of a data set by the meaning of its prompts, so that no part knows another's prompts.

Prompts come in families, written by one person in one evening. A random split deals a family to
all parts, and what is measured on its test part is then partly memory. Here families stay whole.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from lookalike.core.errors import OptionError
from lookalike.reverse.dealing import dealt
from lookalike.reverse.extra import check_extra
from lookalike.reverse.manifest import CLUSTER, PARTS, SPLIT, DataError, Manifest, Part
from lookalike.reverse.placing import Read, Reader, placed

ASKED = 2000
"""Test prompts whose nearest training prompt is looked for: enough for a mean."""

BLOCK = 64
"""Test prompts looked up at once: beside millions of others, half a gigabyte of cosines."""


@dataclass(frozen=True)
class Share:
    """What one part of a split got."""

    part: Part
    rows: int
    prompts: int
    clusters: int


@dataclass(frozen=True)
class Parted:
    """A split data set, what each part got, and how near test prompts are to training prompts.

    `near` is the mean cosine of a test prompt to the nearest training prompt, and `near_random`
    the same after a random split of the distinct prompts into parts of the same size. Both are
    None where there is no test part.
    """

    manifest: Manifest
    shares: tuple[Share, ...]
    near: float | None
    near_random: float | None

    @property
    def figures(self) -> dict[str, Any]:
        """All but the rows, as JSON."""
        parts = {each.part: asdict(each) for each in self.shares}
        return {"parts": parts, "near": self.near, "near_random": self.near_random}

    @property
    def table(self) -> list[tuple[str, ...]]:
        """A row for each part: its name, rows, prompts and clusters."""
        return [tuple(str(value) for value in astuple(each)) for each in self.shares]

    @property
    def nearness(self) -> str:
        """A sentence on what a random split would hide."""
        if self.near is None:
            return "there is no test part, and so no cosine to the nearest training prompt"
        return (
            "mean cosine of a test prompt to the nearest training prompt: "
            f"{self.near:.3f}; after a random split: {self.near_random:.3f}"
        )


def split(
    manifest: Manifest,
    reader: Reader,
    *,
    clusters: int | None = None,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
) -> Generator[Read, None, Parted]:
    """Deal whole clusters of prompts to the parts; nothing is written.

    Unless told otherwise there is a cluster for every twenty distinct prompts, up to 1000. Prompts
    of the same text are always in one cluster. The test part comes as near to its share of the
    rows as whole clusters allow, then the validation part with what is left.

    Raises:
        OptionError: the shares leave nothing to train on, or there are too few clusters.
        DataError: there are fewer distinct prompts than clusters, or clusters are too large.
    """
    check_extra("sklearn", "clustering prompts")
    shares = _checked(validation, test)
    texts, prompt_of = _distinct(manifest.prompts)
    count = _cluster_count(clusters, len(texts), parts=1 + sum(share > 0 for share in shares))
    places = yield from placed(reader, texts)
    cluster_of = cluster(places, count, seed)
    sizes = np.bincount(cluster_of[prompt_of])
    part_of = dealt(sizes, shares, seed)
    chosen = part_of[cluster_of]
    parted = split_by(manifest, [PARTS[part] for part in chosen[prompt_of]])
    random = np.random.default_rng(seed).permutation(chosen)
    return Parted(
        parted.with_column(CLUSTER, cluster_of[prompt_of].tolist(), "int32"),
        tuple(_share(place, part_of, chosen, chosen[prompt_of]) for place in range(len(PARTS))),
        _nearness(places, chosen, seed),
        _nearness(places, random, seed),
    )


def split_by(manifest: Manifest, parts: Sequence[Part]) -> Manifest:
    """The same with each row in the part that is given for it, and in no cluster.

    Raises:
        DataError: there are not as many parts as rows, one has no such name, or none is "train".
    """
    if len(parts) != len(manifest):
        raise DataError(f"{len(manifest)} rows need as many parts, not {len(parts)}")
    strange = sorted({str(part) for part in parts} - set(PARTS))
    if strange:
        raise DataError(f"there is no part {strange[0]!r}; a row is in {', '.join(PARTS)}")
    if "train" not in parts:
        raise DataError("no row is in the part train")
    rows = manifest.rows
    if CLUSTER in rows.column_names:
        rows = rows.drop_columns([CLUSTER])  # an earlier split's, which this one does not follow
    return replace(manifest, rows=rows).with_column(SPLIT, list(parts), "string")


def cluster(
    places: Float[np.ndarray, "prompts width"], count: int, seed: int
) -> Int[np.ndarray, " prompts"]:
    """Every prompt's cluster, of `count` at most, numbered without a gap."""
    from sklearn.cluster import MiniBatchKMeans

    kind: Any = MiniBatchKMeans  # n_init may be a number, which its annotation does not say
    means = kind(count, random_state=seed, batch_size=4096, n_init=3).fit(places)
    # Some may stay empty, such as where several texts are read alike.
    return np.unique(means.predict(places), return_inverse=True)[1]


def _checked(validation: float, test: float) -> tuple[float, float]:
    if not (0 <= validation < 1 and 0 <= test < 1 and validation + test < 1):
        raise OptionError(
            f"a share of {validation:g} for validation and {test:g} for test leaves no rows to "
            "train on; shares lie between 0 and 1 and add up to less than 1"
        )
    return validation, test


def _distinct(prompts: Sequence[str]) -> tuple[list[str], Int[np.ndarray, " rows"]]:
    """The distinct prompts in the order they first come, and each row's place among them."""
    places = {text: place for place, text in enumerate(dict.fromkeys(prompts))}
    return list(places), np.array([places[text] for text in prompts])


def _cluster_count(asked: int | None, prompts: int, parts: int) -> int:
    count = min(1000, max(prompts // 20, parts)) if asked is None else asked
    if count < parts:
        raise OptionError(
            f"{count} clusters are too few for {parts} parts; give --clusters {parts}"
        )
    if prompts < count:
        raise DataError(
            f"{count} clusters need as many distinct prompts, and there are {prompts}; "
            "give fewer --clusters"
        )
    return count


def _share(
    place: int,
    part_of: Int[np.ndarray, " clusters"],
    prompts: Int[np.ndarray, " prompts"],
    rows: Int[np.ndarray, " rows"],
) -> Share:
    counts = (int((each == place).sum()) for each in (rows, prompts, part_of))
    return Share(PARTS[place], *counts)


def _nearness(
    places: Float[np.ndarray, "prompts width"], parts: Int[np.ndarray, " prompts"], seed: int
) -> float | None:
    """The mean cosine of test prompts to the nearest training prompt."""
    asked = places[parts == PARTS.index("test")]
    if not len(asked):
        return None
    if len(asked) > ASKED:
        asked = asked[np.random.default_rng(seed).choice(len(asked), ASKED, replace=False)]
    known = places[parts == PARTS.index("train")]
    blocks = (asked[start : start + BLOCK] for start in range(0, len(asked), BLOCK))
    return float(np.concatenate([(block @ known.T).max(axis=1) for block in blocks]).mean())
