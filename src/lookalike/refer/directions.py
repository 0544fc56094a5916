"""Directions of prompt vectors in which words for one kind of thing differ: style, face, hair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Conditioning, Plan
from lookalike.models.backbone import Backbone
from lookalike.refer.words import Kind, families

CONTEXTS = 2
"""Sentences in which each phrase is read."""
KEPT = 0.97
"""Share of the phrases' variance that the directions carry; the rest is about single words."""
MAIN = 0.9
"""The same for the main directions of a kind, which other kinds leave alone."""
APART: Mapping[Kind, tuple[Kind, ...]] = {
    "face": ("clothes", "background"),
    "hair": ("clothes", "background"),
    "clothes": ("background",),
}
"""Kinds whose main directions a kind must not touch: blonde hair shall not make clothes yellow."""


Vectors = Float[Tensor, "_vectors _width"]


@dataclass(frozen=True, eq=False)
class _Spans:
    """How phrases of a kind differ from the mean of those that could stand in their place."""

    tokens: Vectors
    pooled: Vectors | None


@dataclass(frozen=True, eq=False)
class Directions:
    """Orthonormal directions in which prompts differ if they differ in one kind of thing."""

    tokens: Float[Tensor, "directions width"]
    pooled: Float[Tensor, "pooled_directions pooled"] | None

    def moved(self, one: Embedding, picture: Embedding, share: float) -> Embedding:
        """A prompt that says of this kind, for a `share`, what a picture's one row says.

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


_known: WeakKeyDictionary[Backbone, dict[Kind, Directions]] = WeakKeyDictionary()
_read: WeakKeyDictionary[Backbone, dict[Kind, _Spans]] = WeakKeyDictionary()


@torch.no_grad()
def directions_of(backbone: Backbone, kind: Kind) -> Directions:
    """The directions of a backbone's words of a kind, computed once."""
    known = _known.setdefault(backbone, {})
    if kind not in known:
        own = _spans(backbone, kind)
        others = [_spans(backbone, other) for other in APART.get(kind, ())]
        tokens = _apart(own.tokens, [other.tokens for other in others])
        pooled = [one.pooled for one in (own, *others) if one.pooled is not None]
        known[kind] = Directions(tokens, _apart(pooled[0], pooled[1:]) if pooled else None)
    return known[kind]


def _spans(backbone: Backbone, kind: Kind) -> _Spans:
    """How a model's phrases of a kind differ, read once."""
    read = _read.setdefault(backbone, {})
    if kind not in read:
        known = families(backbone, kind)
        texts = [text for family in known for text in family.sentences(CONTEXTS)]
        counts = [len(family.phrases) for family in known]
        told = backbone.at_ends(texts)
        pooled = None if told.pooled is None else _differences(told.pooled, counts)
        read[kind] = _Spans(_differences(told.tokens[:, 0], counts), pooled)
    return read[kind]


def _differences(states: Vectors, counts: Sequence[int]) -> Vectors:
    """Each phrase, the mean of its sentences, less the mean of its family."""
    found: list[Tensor] = []
    for count, part in zip(counts, states.split([c * CONTEXTS for c in counts]), strict=True):
        phrases = part.float().unflatten(0, (count, CONTEXTS)).mean(1)
        found.append(phrases - phrases.mean(0))
    return torch.cat(found)


def _main(differences: Vectors, kept: float) -> Vectors:
    """Orthonormal directions that carry the share `kept` of the differences' variance."""
    _, spread, directions = torch.linalg.svd(differences, full_matrices=False)
    told = spread.square().cumsum(0) / spread.square().sum()
    return directions[: int((told < kept).sum()) + 1]


def _apart(own: Vectors, others: Sequence[Vectors]) -> Vectors:
    """The directions of `own` differences that lie mostly outside the others' main directions."""
    directions = _main(own, KEPT)
    if not others:
        return directions
    taken = torch.linalg.qr(torch.cat([_main(other, MAIN) for other in others]).T).Q
    left = directions - directions @ taken @ taken.T
    _, outside, turned = torch.linalg.svd(left, full_matrices=False)
    return turned[outside > 0.5]


def speaking(
    backbone: Backbone, plan: Plan, picture: Embedding, kinds: Sequence[tuple[Kind, float]]
) -> Plan:
    """A plan whose prompt says, of each kind and for a share, what a picture says.

    Parts of negative weight say what to stay away from, and stay words.
    """
    moved: list[Conditioning] = []
    for one in plan.conditionings:
        told = one.embedding
        for kind, share in kinds if one.weight > 0 else ():
            told = directions_of(backbone, kind).moved(told, picture, share)
        moved.append(replace(one, embedding=told))
    return replace(plan, conditionings=tuple(moved))
