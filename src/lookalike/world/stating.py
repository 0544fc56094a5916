"""What a caption states of the look that it was made of, whichever way it is worded."""

from __future__ import annotations

from lookalike.world.caption import COLOUR_OF, MANNERS, ORDER, SYNONYMS, phrase
from lookalike.world.look import Look


def stated(text: str, of: Look) -> dict[str, str]:
    """The attributes that a caption of this look states; what it leaves out is absent."""
    first, *others = [part.strip() for part in text.split(",")]
    found: dict[str, str] = {}
    for ways, told in _claims(of):
        # Before the first phrase stands how the caption begins.
        if ways & {*others} or any(f" {first}".endswith(f" {each}") for each in ways):
            found |= told
    return found


def _claims(of: Look) -> list[tuple[set[str], dict[str, str]]]:
    """Each phrase that a caption of the look may have, in all wordings, and what it states."""
    known = of.values
    style = {each.format(of.style) for each in MANNERS}
    claims = [(style, {"style": of.style})]
    for name in ORDER:
        value = known.get(name, "none")
        if value == "none":
            continue
        colour = COLOUR_OF.get(name, "")
        told = {each: known[each] for each in (name, colour) if each in known}
        claims.append((wordings(phrase(name, value, known.get(colour, ""))), told))
    return claims


def wordings(text: str) -> set[str]:
    """A phrase in all the ways that `caption.reworded` may give it."""
    found = {text}
    for word, others in SYNONYMS.items():
        found |= {each.replace(word, other) for each in found if word in each for other in others}
    return found
