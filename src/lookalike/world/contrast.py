"""Captions beside near misses: what a picture shows, and the same words with something wrong.

Random captions can be told apart by their colours alone. A caption that differs from the truth in
one value only forces a model to look at everything, and to bind each colour to its thing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lookalike.world.caption import COLOUR_OF, MANNERS, OPENINGS, ORDER, phrase, reworded
from lookalike.world.look import Look
from lookalike.world.style import styles, values

FULL = 0.3
"""Share of full captions among the long ones."""
PLAIN = 0.5
"""Share of short captions without synonyms, in the words of the phrase bank."""


@dataclass(frozen=True)
class Statement:
    """A caption, and the attribute values that it states; its noun counts as one."""

    text: str
    stated: Mapping[str, str]

    def true_of(self, look: Look) -> bool:
        """Whether a picture shows all that is stated."""
        known = facts(look)
        return all(known.get(name) == value for name, value in self.stated.items())


@dataclass(frozen=True)
class _Manner:
    """How a caption is written: the same for a statement and its near miss."""

    seed: int
    plain: bool


def facts(look: Look) -> dict[str, str]:
    """All that can be stated of a look: its values, and the noun of its style."""
    return {"noun": styles()[look.style].noun, **look.values}


def attributes() -> dict[str, tuple[str, ...]]:
    """Every name that a statement may have, with its values."""
    nouns = dict.fromkeys(style.noun for style in styles().values())
    return {"noun": tuple(nouns), **values()}


def long_pair(of: Look, chance: random.Random) -> tuple[Statement, Statement]:
    """A caption of much of a look, full in three of ten, and its near miss."""
    said = _sayable(of)
    full = chance.random() < FULL
    if not full:
        keep = chance.uniform(0.35, 1.0)
        said = [n for n in said if chance.random() < keep] or [chance.choice(said)]
        if chance.random() < 0.5:
            chance.shuffle(said)
    return _pair(of, said, full or chance.random() < 0.85, 1.0, full, chance)


def short_pair(of: Look, chance: random.Random) -> tuple[Statement, Statement]:
    """A caption of one to three attributes of a look, and its near miss."""
    said = _sayable(of)
    said = chance.sample(said, min(len(said), chance.choice((1, 1, 2, 3))))
    return _pair(of, said, chance.random() < 0.3, 0.6, chance.random() < PLAIN, chance)


def _sayable(of: Look) -> list[str]:
    return [name for name in ORDER if of.values.get(name, "none") != "none"]


def _pair(
    of: Look, said: Sequence[str], style: bool, coloured: float, plain: bool, chance: random.Random
) -> tuple[Statement, Statement]:
    known = of.values
    names = [*said, *(["style"] if style else [])]
    for name in said:
        colour = COLOUR_OF.get(name, "")
        if colour in known and known[name] != "bald" and chance.random() < coloured:
            names.append(colour)
    manner = _Manner(chance.getrandbits(32), plain)
    wrong, other = _wrong(of, names, chance)
    return _statement(of, known, names, manner), _statement(of, wrong, other, manner)


def _wrong(
    of: Look, names: Sequence[str], chance: random.Random
) -> tuple[dict[str, str], list[str]]:
    """Other values for one or two of the names; what a look lacks may be stated in their place."""
    known, said = dict(of.values), list(names)
    absent = [name for name in ORDER if known.get(name) == "none" and _others(of, name)]
    if absent and chance.random() < 0.15:
        added, dropped = chance.choice(absent), chance.choice([n for n in said if n in ORDER])
        said[said.index(dropped)] = added
        said = [n for n in said if n != COLOUR_OF.get(dropped)]
        known[added] = _another(of, added, chance)
        return known, said
    open_to = [name for name in said if _others(of, name)]
    if not open_to:  # nothing said can be otherwise: one more thing is stated
        open_to = [chance.choice([n for n in _sayable(of) if _others(of, n)])]
        said += open_to
    for name in chance.sample(open_to, min(len(open_to), 2 if chance.random() < 0.3 else 1)):
        known[name] = _another(of, name, chance)
    return known, said


def _others(of: Look, name: str) -> list[str]:
    """Values that the look does not have and its style, or its noun, can draw."""
    own = styles()[of.style]
    attribute = own.attribute(name)
    if attribute is None:  # the style itself
        alike = [s.name for s in styles().values() if s.noun == own.noun and s.name != of.style]
        return alike or [s for s in styles() if s != of.style]
    return [v for v in attribute.values if v not in ("none", of.values.get(name))]


def _another(of: Look, name: str, chance: random.Random) -> str:
    """One of the others, half of the time one that the look has somewhere else."""
    others = _others(of, name)
    elsewhere = [v for v in others if v in of.values.values()]
    return chance.choice(elsewhere if elsewhere and chance.random() < 0.5 else others)


def _statement(
    of: Look, known: Mapping[str, str], names: Sequence[str], manner: _Manner
) -> Statement:
    chance = random.Random(manner.seed)
    noun = styles()[of.style].noun
    parts, stated = [], {"noun": noun}
    for name in (n for n in names if n in ORDER):
        colour = COLOUR_OF.get(name, "")
        shade = known[colour] if colour in names and known[name] != "bald" else ""
        parts.append(phrase(name, known[name], shade))
        stated |= {name: known[name]} | ({colour: shade} if shade else {})
    if manner.plain:
        opening, joint, manners, at = f"a {noun}", " with ", ("{} style",), len(parts)
    else:
        parts = [reworded(p, random.Random(chance.random())) for p in parts]
        opening = f"{chance.choice(OPENINGS)} {reworded(noun, chance)}"
        joint = chance.choice((" with ", ", ", " "))
        manners, at = MANNERS, chance.choice((0, len(parts)))
    if "style" in names:
        parts.insert(at, chance.choice(manners).format(known["style"]))
        stated["style"] = known["style"]
    return Statement(opening + joint + ", ".join(parts), stated)
