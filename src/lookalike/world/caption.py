"""Looks in words: exact captions, captions as people write them, and captions read back."""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import cache

from lookalike.world.look import Look
from lookalike.world.style import foreign, style_of, styles, values

HEADWEAR = ("beanie", "cap", "hat", "hijab", "turban", "winter hat")
ORDER = (
    *("body_colour", "head", "top", "skin", "hair", "facial_hair", "glasses", "mouth", "eyes"),
    *("clothes", "orb", "hills", "background"),
)
COLOUR_OF = {"hair": "hair_colour", "clothes": "clothes_colour"}
SYNONYMS = {
    "pale": ("fair",),
    "dark": ("very dark", "black"),
    "blonde": ("blond", "golden"),
    "ginger": ("red", "copper"),
    "hot pink": ("pink",),
    "grey": ("gray", "silver"),
    "teal": ("turquoise",),
    "navy": ("dark blue",),
    "sky blue": ("light blue",),
    "glasses": ("spectacles", "eyeglasses"),
    "moustache": ("mustache",),
    "t-shirt": ("tee", "shirt"),
    "sweater": ("pullover",),
    "blazer": ("suit jacket",),
    "smile": ("smiling",),
    "frown": ("frowning", "sad"),
    "grin": ("laughing",),
    "surprised": ("open",),
    "person": ("man", "woman", "character", "human"),
    "creature": ("monster", "critter"),
    "landscape": ("scene", "view"),
}
MANNERS = ("{} style", "in {} style", "in the style of {}")
OPENINGS = ("a", "a drawing of a", "a picture of a", "a portrait of a", "the", "one", "cute")


def _hair(style: str, colour: str) -> str:
    if style == "bald":
        return "bald head"
    if style in HEADWEAR:
        return f"{colour} {style}".strip()
    return f"{colour} {style} hair".strip()


def phrase(name: str, value: str, colour: str = "") -> str:
    """One attribute in words: `hair`, `mohawk`, `hot pink` is "hot pink mohawk hair"."""
    if name == "hair":
        return _hair(value, colour)
    if name == "clothes":
        return f"{colour} {value}".strip()
    if name == "eyes":
        return "one eye" if value == "one" else f"{value} eyes"
    if name in ("facial_hair", "glasses", "top", "orb"):
        return value
    noun = {"body_colour": "body", "hills": "hills"}.get(name, name)
    return f"{value} {noun}"


def phrases(of: Look) -> list[str]:
    """The visible attributes of a look in words, in a fixed order, without its style."""
    known = of.values
    found = [
        phrase(name, known[name], known.get(COLOUR_OF.get(name, ""), ""))
        for name in ORDER
        if known.get(name, "none") != "none"
    ]
    return found


def caption(of: Look) -> str:
    """The full caption of a look, the same each time.

    A foreign style is left out: mini has no word for it.
    """
    named = [] if of.style in foreign() else [f"{of.style} style"]
    return f"a {style_of(of.style).noun} with {', '.join([*phrases(of), *named])}"


def reworded(text: str, chance: random.Random) -> str:
    """A phrase with each of its words given in another way now and then."""
    for word, others in SYNONYMS.items():
        if word in text and chance.random() < 0.25:
            text = text.replace(word, chance.choice(others))
    return text


def free_caption(of: Look, chance: random.Random) -> str:
    """A caption as people might write it: order, wording and completeness drawn from `chance`."""
    keep = chance.uniform(0.35, 1.0)
    parts = [p for p in phrases(of) if chance.random() < keep]
    if chance.random() < 0.5:
        chance.shuffle(parts)
    parts = [reworded(p, chance) for p in parts]
    style = chance.choice(MANNERS).format(of.style)
    if chance.random() < 0.85:
        parts.insert(chance.choice([0, len(parts)]), style)
    noun = reworded(styles()[of.style].noun, chance)
    opening = f"{chance.choice(OPENINGS)} {noun}"
    joint = chance.choice([" with ", ", ", " "])
    return opening + joint + ", ".join(parts) if parts else opening


def training_caption(of: Look, chance: random.Random) -> str:
    """The caption of one training step: full in half of the cases, else free."""
    return caption(of) if chance.random() < 0.5 else free_caption(of, chance)


@cache
def bank() -> dict[str, dict[str, str]]:
    """Every phrase of the world and the attribute values that it states."""
    found: dict[str, dict[str, str]] = {}
    for name, words in values().items():
        for value in words:
            if name == "style":
                found[f"{value} style"] = {"style": value}
            elif name not in COLOUR_OF.values() and value != "none":
                found.update(_with_colours(name, value))
    return found


def phrase_groups() -> list[list[str]]:
    """The bank's phrases, grouped by attribute in the order of a caption, the style last."""
    groups: dict[str, list[str]] = {name: [] for name in (*ORDER, "style")}
    for text, stated in bank().items():
        groups[next(iter(stated))].append(text)
    return [list(texts) for texts in groups.values()]


def phrases_of(noun: str) -> list[str]:
    """The bank's phrases that some style with this noun can draw."""
    drawn: dict[str, set[str]] = {"style": set()}
    for style in (s for s in styles().values() if s.noun == noun):
        drawn["style"].add(style.name)
        for attribute in style.attributes:
            drawn.setdefault(attribute.name, set()).update(attribute.values)
    return [
        text
        for text, stated in bank().items()
        if all(value in drawn.get(name, ()) for name, value in stated.items())
    ]


def _with_colours(name: str, value: str) -> Iterable[tuple[str, dict[str, str]]]:
    yield phrase(name, value), {name: value}
    if name in COLOUR_OF and value != "bald":
        for colour in values()[COLOUR_OF[name]]:
            yield phrase(name, value, colour), {name: value, COLOUR_OF[name]: colour}


def read(text: str) -> dict[str, str]:
    """The attribute values that a caption in the bank's words states.

    The inverse of `caption` up to values of "none": what a caption does not state is absent.
    """
    _, _, rest = text.partition(" with ")
    known = bank()
    found: dict[str, str] = {}
    for part in (p.strip() for p in rest.split(",")):
        found.update(known.get(part, {}))
    return found
