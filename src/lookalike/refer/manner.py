"""The manner of a picture as a direction of prompt vectors: where words for styles differ."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Conditioning
from lookalike.models.texts import words

if TYPE_CHECKING:
    from lookalike.models.backbone import Backbone

CONTEXTS = 4
"""Sentences in which each style's words are read."""
KEPT = 0.9
"""Share of the style words' variance that the directions carry; the rest is about single words."""


@dataclass(frozen=True, eq=False)
class Directions:
    """Orthonormal directions in which prompts of different styles differ, and no others."""

    tokens: Float[Tensor, "directions width"]
    pooled: Float[Tensor, "pooled_directions pooled"] | None

    def moved(self, one: Embedding, picture: Embedding, share: float) -> Embedding:
        """A prompt whose style is, for a `share`, that of a picture's embedding (one row).

        All places but the first move alike, so that words keep what tells them apart.
        """
        tokens = one.tokens.clone()
        goal = picture.tokens[:, -1].to(tokens)
        tokens[:, 1:] += share * _within(goal - tokens[:, 1:].mean(1), self.tokens)[:, None]
        pooled = one.pooled
        if pooled is not None and picture.pooled is not None and self.pooled is not None:
            pooled = pooled + share * _within(picture.pooled.to(pooled) - pooled, self.pooled)
        return replace(one, tokens=tokens, pooled=pooled)


def _within(vectors: Tensor, directions: Tensor) -> Tensor:
    directions = directions.to(vectors)
    return vectors @ directions.T @ directions


_known: WeakKeyDictionary[Backbone, Directions] = WeakKeyDictionary()


@torch.no_grad()
def directions_of(backbone: Backbone) -> Directions:
    """The directions of a backbone's style words, computed once."""
    if backbone not in _known:
        _known[backbone] = _directions(backbone)
    return _known[backbone]


def _directions(backbone: Backbone) -> Directions:
    texts = [text for frame in _frames(backbone) for text in _sentences(*frame)]
    read = backbone.embed(texts)
    ends = backbone.ends(texts).to(read.tokens.device)
    counts = [len(styles) for _, styles, _ in _frames(backbone)]
    states = read.tokens[torch.arange(len(texts)), ends]
    return Directions(
        _principal(states, counts), None if read.pooled is None else _principal(read.pooled, counts)
    )


def _principal(states: Float[Tensor, "texts width"], counts: Sequence[int]) -> Tensor:
    """The main directions of styles, each the mean of its sentences, around their frame's mean."""
    found: list[Tensor] = []
    for count, part in zip(counts, states.split([c * CONTEXTS for c in counts]), strict=True):
        styles = part.float().unflatten(0, (count, CONTEXTS)).mean(1)
        found.append(styles - styles.mean(0))
    _, spread, directions = torch.linalg.svd(torch.cat(found), full_matrices=False)
    told = spread.square().cumsum(0) / spread.square().sum()
    return directions[: int((told < KEPT).sum()) + 1]


Frame = tuple[str, Sequence[str], Sequence[str]]
"""How a sentence opens, the styles that it may be drawn in, and phrases to put between."""


def _sentences(frame: str, styles: Sequence[str], phrases: Sequence[str]) -> list[str]:
    """Each style in the same sentences."""
    chance = random.Random(0)
    drawn = [chance.sample(phrases, min(len(phrases), 2 * i)) for i in range(CONTEXTS)]
    return [", ".join([frame, *between, style]) for style in styles for between in drawn]


def _frames(backbone: Backbone) -> list[Frame]:
    """The words of the model's own phrase bank, whose last group is its styles, or common ones."""
    bank = backbone.folder / "phrases.json" if backbone.folder else None
    if bank is None or not bank.exists():
        known = words()
        styles = [*known["medium"], *known["manner"], *known["light"]]
        return [(subject, styles, known["detail"]) for subject in known["subject"][:2]]
    stored = json.loads(bank.read_text("utf-8"))
    *others, every = stored["groups"]
    frames: list[Frame] = []
    for frame in stored["frames"]:
        fits = stored.get("of", {}).get(frame)
        styles = [style for style in every if fits is None or style in fits]
        between = [p for group in others for p in group if fits is None or p in fits]
        if len(styles) > 1:
            frames.append((frame, styles, between))
    return frames


def styled(backbone: Backbone, one: Conditioning, picture: Embedding, share: float) -> Conditioning:
    """A conditioning in a picture's style; one that pushes away stays as it is."""
    if one.weight <= 0:
        return one
    return replace(one, embedding=directions_of(backbone).moved(one.embedding, picture, share))
