"""What the references' benchmark asks for: held-out characters, and prompts that suit them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from PIL.Image import Image

from lookalike.world.caption import phrases
from lookalike.world.look import Look, Split, foreign_looks, look, looks
from lookalike.world.render import render
from lookalike.world.style import foreign, style_of, styles

NOUN = "person"
"""The kind of character with more than one style, so that style and content can be told apart."""

FOREIGN_EACH = 2
"""Foreign references of each style."""

BATCH = 4
"""Prompts to one reference: they run together, as a grid does."""


@dataclass(frozen=True)
class Case:
    """One reference and a batch of other characters of its kind, which lend prompts their words."""

    reference: Look
    others: tuple[Look, ...]
    seeds: tuple[int, ...]

    def picture(self, pixels: int) -> Image:
        """The reference drawn."""
        return render(self.reference, pixels)


def cases(
    which: Split, count: int, seed: int, fits: Callable[[Look], bool] = lambda _: True
) -> list[Case]:
    """`count` references of a split that fit, each with four other characters of other styles."""
    references = list(islice(filter(fits, people(which)), count))
    return _beside_others(references, people(which, start=references[-1].seed + 1), seed)


def foreign_cases(which: Split, seed: int) -> list[Case]:
    """Two references of each foreign style, each with four characters of the world."""
    shown = {style: foreign_looks(style, which) for style in foreign()}
    references = [next(shown[style]) for _, style in product(range(FOREIGN_EACH), shown)]
    return _beside_others(references, people(which), seed)


def _beside_others(references: Sequence[Look], rest: Iterator[Look], seed: int) -> list[Case]:
    return [
        Case(
            one,
            tuple(islice((o for o in rest if o.style != one.style), BATCH)),
            tuple(range(seed + BATCH * place, seed + BATCH * (place + 1))),
        )
        for place, one in enumerate(references)
    ]


def people(which: Split, start: int = 0) -> Iterator[Look]:
    """The looks of a split that are persons, from a seed on, in the order of their seeds."""
    return (one for one in looks(which, start) if styles()[one.style].noun == NOUN)


def in_style(of: Look, style: str, names: Sequence[str] | None = None) -> Look:
    """What a style can draw of a look: all that it shows, or the attributes called `names`."""
    kept = {
        name: value
        for name, value in of.attributes
        if (names is None or name in names)
        and (known := style_of(style).attribute(name)) is not None
        and value in known.values
    }
    return look(style, of.seed, **kept)


def together(style: str, *pieces: Mapping[str, str]) -> Look:
    """A look of a style with the values of several pieces, those of later ones first."""
    values: dict[str, str] = {}
    for piece in pieces:
        values |= piece
    return look(style, 0, **values)


def part_of(of: Look, names: Sequence[str]) -> dict[str, str]:
    """The values of the attributes called `names` that a look shows."""
    return {name: value for name, value in of.attributes if name in names}


def content(of: Look) -> str:
    """A look's caption without its style."""
    return f"a {NOUN} with {', '.join(phrases(of))}"
