"""Characters in the saved library: kept under names, and found again."""

from __future__ import annotations

import hashlib

from lookalike.core.errors import OptionError
from lookalike.core.library import CHARACTERS, Kept, Learnt, Library, name_of
from lookalike.core.pictures import png_bytes
from lookalike.models.card import Card, is_card, read_card


def keep(
    library: Library,
    card: Card,
    name: str,
    *,
    source: str = "",
    note: str = "",
    replace: bool = False,
) -> Kept:
    """Keep a character, so that `@name` stands for it in prompts.

    Raises:
        OptionError: the name is none, or it is taken.
    """
    data, about = card.to_bytes(), card.about
    learnt = Learnt(
        by=CHARACTERS,
        model=about.base,
        model_sha256=about.model_sha256,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return library.save(
        name,
        card.portrait,
        source=source or f"a character, {about.made}",
        source_sha256=hashlib.sha256(png_bytes(card.portrait)).hexdigest(),
        role="character",
        licence=about.licence,
        note=note,
        replace=replace,
        learnt=learnt,
        prompt=data,
    )


def kept_card(library: Library, name: str) -> Card:
    """The card of a saved character.

    Raises:
        PictureError: nothing is saved so. OptionError: what is saved so is no character.
        ModelError: its card is damaged.
    """
    path = library.prompt(name)
    if path is None or not is_card(path):
        raise OptionError(
            f"@{name_of(name)} is no character; `lookalike characters list` lists them"
        )
    return read_card(path)
