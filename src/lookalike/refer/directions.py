"""Directions of prompt vectors in which words for one kind of thing differ: style, face, hair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Conditioning, Plan
from lookalike.models.backbone import Backbone
from lookalike.refer.words import Kind, families

CONTEXTS = 3
"""Sentences in which each phrase is read."""
KEPT = 0.97
"""Share of the phrases' variance that the directions carry; the rest is about single words."""


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


@torch.no_grad()
def directions_of(backbone: Backbone, kind: Kind) -> Directions:
    """The directions of a backbone's words of a kind, computed once."""
    known = _known.setdefault(backbone, {})
    if kind not in known:
        known[kind] = _directions(backbone, kind)
    return known[kind]


def _directions(backbone: Backbone, kind: Kind) -> Directions:
    known = families(backbone, kind)
    texts = [text for family in known for text in family.sentences(CONTEXTS)]
    counts = [len(family.phrases) for family in known]
    read, ends = backbone.embed(texts), backbone.ends(texts)
    states = read.tokens[torch.arange(len(texts)), ends.to(read.tokens.device)]
    pooled = None if read.pooled is None else _principal(read.pooled, counts)
    return Directions(_principal(states, counts), pooled)


def _principal(
    states: Float[Tensor, "texts width"], counts: Sequence[int]
) -> Float[Tensor, "directions width"]:
    """The main directions of phrases, each the mean of its sentences, around its family's mean."""
    found: list[Tensor] = []
    for count, part in zip(counts, states.split([c * CONTEXTS for c in counts]), strict=True):
        phrases = part.float().unflatten(0, (count, CONTEXTS)).mean(1)
        found.append(phrases - phrases.mean(0))
    _, spread, directions = torch.linalg.svd(torch.cat(found), full_matrices=False)
    told = spread.square().cumsum(0) / spread.square().sum()
    return directions[: int((told < KEPT).sum()) + 1]


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
