"""Twelve contexts in which one person of the world may be shown: face, clothes and background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lookalike.world.caption import COLOUR_OF, ORDER, phrase
from lookalike.world.look import Look
from lookalike.world.style import style_of

CONTEXTS: tuple[Mapping[str, str], ...] = (
    {"mouth": "smile", "background": "white"},
    {"mouth": "frown", "background": "navy"},
    {"mouth": "surprised", "background": "sky blue"},
    {"eyes": "happy", "background": "peach"},
    {"eyes": "closed", "background": "lavender"},
    {"eyes": "wide", "background": "yellow"},
    {"clothes": "t-shirt", "clothes_colour": "red", "background": "white"},
    {"clothes": "t-shirt", "clothes_colour": "blue", "background": "peach"},
    {"mouth": "smile", "clothes": "t-shirt", "clothes_colour": "green"},
    {"mouth": "grin", "eyes": "open", "background": "dark green"},
    {"mouth": "frown", "clothes": "t-shirt", "clothes_colour": "orange", "background": "navy"},
    {"mouth": "smile", "eyes": "happy", "clothes": "t-shirt", "clothes_colour": "purple"},
)


def in_words(values: Mapping[str, str]) -> str:
    """What a context says, as a caption does."""
    return ", ".join(_phrases(values))


def caption_in(of: Look, context: Mapping[str, str]) -> str:
    """The full true caption of a look's character in a context."""
    identity = _phrases({k: v for k, v in of.of("identity").items() if v != "none"})
    noun = style_of(of.style).noun
    return f"a {noun} with {', '.join([*identity, in_words(context)])}, {of.style} style"


def _phrases(values: Mapping[str, str]) -> Sequence[str]:
    colours = set(COLOUR_OF.values())
    return [
        phrase(name, values[name], values.get(COLOUR_OF.get(name, ""), ""))
        for name in ORDER
        if name in values and name not in colours
    ]
