"""What a prompt says must not be there: left out of its words, and pushed away from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from PIL.Image import Image
from torch import Tensor

from lookalike.core.embedding import Embedding, mix
from lookalike.core.plan import Conditioning, Plan
from lookalike.core.records import Part
from lookalike.describe import describers
from lookalike.describe.bank import bank_of
from lookalike.models.backbone import Backbone
from lookalike.models.named import Names, embed_named

SHARE = 2.0
"""Weight of everything that is avoided, against 1 for the words, where there are words.

Chosen on mini's validation looks. What is pushed away is the difference that the thing makes to
the words, which is small against what words make of nothing.
"""

ALONE = 0.5
"""The same where there are no words, and the thing is pushed away from as it is alone."""

LONGEST = 4
"""Words of a phrase that is left out whole; of a longer one, the thing's own name goes."""

KINDS = 8
"""Phrases of the model's bank that may stand for one avoided thing."""

MARGIN = 0.5
"""How far beyond the words without it, in steps of that length that adding it takes."""

DESCRIBER = "phrases"
"""What puts a picture into words here."""

_JOINTS = re.compile(r"(\s*,\s*|\s+(?:with|and|wearing)\s+)")


def things(avoid: str) -> list[str]:
    """The things of an `avoid`, which commas part."""
    return [thing for piece in avoid.split(",") if (thing := piece.strip())]


def left_out(text: str, avoid: str) -> str:
    """A text without the phrases that name an avoided thing; the text itself if none are left.

    Words that ask for a thing win over any push away from it, so they must not be there.
    """
    for thing in things(avoid):
        text = _without(text, re.compile(rf"\b\w*{re.escape(thing)}\b", re.IGNORECASE)) or text
    return text


def _without(text: str, named: re.Pattern[str]) -> str:
    pieces = ["", *_JOINTS.split(text)]
    kept, waiting = "", ""
    for joint, phrase in zip(pieces[::2], pieces[1::2], strict=True):
        # What comes next takes the place of what is left out, and is joined as that was.
        joint, waiting = waiting or joint, ""
        if named.search(phrase):
            if len(phrase.split()) <= LONGEST:
                waiting = joint
                continue
            phrase = " ".join(named.sub(" ", phrase).split())
        kept += joint + phrase if kept else phrase
    return kept.strip()


def pushed(
    backbone: Backbone, plan: Plan, parts: Sequence[Part] = (), names: Names | None = None
) -> Plan:
    """A plan with pushes away from the things that its prompt avoids, all together by SHARE. Ours.

    `parts` are the words that the plan reads, where it reads any. The heaviest are read once more
    with the thing behind them, in every kind that the model's bank knows, and the mean of the kinds
    is pushed away from: mini knows round glasses, and no glasses as such.
    """
    found = things(plan.prompt.avoid)
    read = list(zip(parts, plan.conditionings, strict=True)) if parts else []
    wanted = [(part, one) for part, one in read if part.weight > 0 and part.text.strip()]
    whole = sum(c.weight for c in plan.conditionings if c.weight > 0) or 1.0
    if not wanted:
        weight = -ALONE * whole
        more = [Conditioning(backbone.embed([one]), weight / len(found)) for one in found]
    else:
        part, words = max(wanted, key=lambda one: one[0].weight)
        kinds = [_with(backbone, part.text, one, names or {}) for one in found]
        weight = -SHARE * whole
        more = [Conditioning(one, weight / len(found), words.embedding) for one in kinds]
    return replace(plan, conditionings=(*plan.conditionings, *more))


def _with(backbone: Backbone, text: str, thing: str, names: Names) -> Embedding:
    """A text with a thing behind it: the mean over the kinds of it that are known."""
    kinds = kinds_of(backbone, thing)[1:] or [thing]
    read = [embed_named(backbone, [f"{text}, {kind}"], names) for kind in kinds]
    return mix(read, [1.0] * len(read))


def kinds_of(backbone: Backbone, thing: str) -> list[str]:
    """A thing, and the phrases of the model's bank that end in it, such as round glasses."""
    known = bank_of(backbone, None).phrases
    found = [one for one in known if one.lower().endswith(thing.lower()) and one != thing]
    return [thing, *sorted(found, key=lambda one: (len(one.split()), one))[:KINDS]]


@torch.no_grad()
def erased(backbone: Backbone, converted: Embedding, picture: Image, avoid: str) -> Embedding:
    """A converted picture (one row) that no more shows what is avoided. Ours.

    A describer's words for the picture, once without what is avoided and once with each kind of
    it, say which way the text tower's end state moves when it comes in. Along these ways the
    picture's states are brought back to where the words without it are.
    """
    kinds = [kind for thing in things(avoid) for kind in kinds_of(backbone, thing)]
    if not kinds:
        return converted
    said = describers.make(DESCRIBER, {}).describe(backbone, [picture], 1)[0][0].text
    frame = left_out(said, avoid)
    bare = _end_states(backbone, [frame])[0]
    ways = _end_states(backbone, [f"{frame}, {kind}" for kind in kinds]) - bare
    tokens = converted.tokens.clone()
    for way in ways:
        unit = way / way.norm().clamp(min=1e-6)
        excess = ((tokens[:, 1:] - bare) * unit).sum(-1, keepdim=True) + MARGIN * way.norm()
        tokens[:, 1:] -= excess.clamp(min=0) * unit
    return replace(converted, tokens=tokens)


def _end_states(backbone: Backbone, texts: Sequence[str]) -> Float[Tensor, "texts width"]:
    return backbone.at_ends(texts).tokens[:, 0]
