"""Prompts found: those of an index that lie nearest to a predicted place."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from lookalike.core.nearest import Nearest


def retrieved(
    predicted: Float[Tensor, " width"], prompts: Sequence[str], index: Nearest, count: int
) -> dict[str, float]:
    """The `count` different prompts that lie nearest to a predicted place, with their cosines."""
    query, found, asked = predicted.numpy()[None], dict[str, float](), count
    # A prompt may stand in the index several times: it is looked further until there are enough.
    while count and len(found) < count:
        asked = min(asked, len(prompts))
        near, rows = index.find(query, asked)
        pairs = zip(rows[0].tolist(), near[0].tolist(), strict=True)
        found = {}
        for row, cosine in pairs:
            if len(found) < count:
                found.setdefault(prompts[row], cosine)
        if asked == len(prompts):
            break
        asked *= 2
    return found
