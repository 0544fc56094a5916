"""CLIP's knowledge of each attribute: of all the phrases that differ in it alone, the true one.

Retrieval of full captions is too easy a test of a CLIP: colours alone tell most captions apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.world.caption import COLOUR_OF, phrase
from lookalike.world.look import Look
from lookalike.world.style import styles, values

THING_OF = {colour: thing for thing, colour in COLOUR_OF.items()}


def attribute_accuracy(
    seen: Float[Tensor, "pictures shared"],
    looks: Sequence[Look],
    project: Callable[[list[str]], Tensor],
) -> dict[str, float]:
    """The share of pictures whose true phrase is nearest, by attribute, and the `mean` of these.

    `seen` are the pictures' projected embeddings and `project` gives those of texts, both of unit
    length. A picture is asked for what it shows: "a person with bun hair" against the other hair
    of persons; for a colour, its own hair in every colour.
    """
    found: dict[str, list[float]] = {}
    for name in values():
        asked = [(row, look) for row, look in zip(seen, looks, strict=True) if _shows(look, name)]
        options = [_options(name, look) for _, look in asked]
        every = list(dict.fromkeys(text for one in options for text in one.values()))
        if not every:
            continue
        vectors = dict(zip(every, project(every).to(seen.device), strict=True))
        for (row, look), one in zip(asked, options, strict=True):
            scores = torch.stack([vectors[text] for text in one.values()]) @ row
            best = list(one)[int(scores.argmax())]
            found.setdefault(name, []).append(float(best == look.values[name]))
    rates = {name: sum(hits) / len(hits) for name, hits in found.items()}
    return rates | {"mean": sum(rates.values()) / len(rates)}


def _shows(look: Look, name: str) -> bool:
    if look.values.get(name, "none") == "none":
        return False
    return name not in THING_OF or look.values.get(THING_OF[name]) not in (None, "none", "bald")


def _options(name: str, look: Look) -> Mapping[str, str]:
    """The attribute's values in words, as far as a style with the look's noun can draw them."""
    noun = styles()[look.style].noun
    if name == "style":
        return {
            style.name: f"a {style.noun} with {style.name} style" for style in styles().values()
        }
    drawn: dict[str, None] = {}
    for style in (s for s in styles().values() if s.noun == noun):
        attribute = style.attribute(name)
        drawn |= dict.fromkeys(attribute.values if attribute else ())
    drawn.pop("none", None)
    return {value: f"a {noun} with {_worded(name, value, look)}" for value in drawn}


def _worded(name: str, value: str, look: Look) -> str:
    if name in THING_OF:
        thing = THING_OF[name]
        return phrase(thing, look.values[thing], value)
    return phrase(name, value)
