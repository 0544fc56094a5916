"""The part of a Session that makes characters: drawn, saved under names, blended, passed on."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Generator
from pathlib import Path

from lookalike.characters.drawing import blended, check_count, drawn
from lookalike.core.errors import OptionError
from lookalike.core.library import CHARACTERS, Kept, Learnt, Library, name_of
from lookalike.core.pictures import png_bytes
from lookalike.engine.plan import draw_seeds
from lookalike.models.card import Card, is_card, read_card
from lookalike.models.maker import maker_of
from lookalike.models.store import Models


class CharacterWork(ABC):
    """Verbs of characters; `maker` is the folder of a generator, the model's own if None."""

    model: str
    models: Models

    @property
    @abstractmethod
    def library(self) -> Library:
        """Where characters are kept."""

    def new_characters(
        self,
        count: int = 8,
        *,
        seed: int | None = None,
        maker: str | os.PathLike[str] | None = None,
    ) -> list[Card]:
        """New characters, each with a portrait; the same for the same seed."""
        work = self.start_new_characters(count, seed=seed, maker=maker)
        return list(work)

    def start_new_characters(
        self,
        count: int = 8,
        *,
        seed: int | None = None,
        maker: str | os.PathLike[str] | None = None,
    ) -> Generator[Card, None, None]:
        """The same, one after the other."""
        check_count(count)
        [chosen] = draw_seeds(seed, 1)
        return self._drawn(count, chosen, _folder(maker))

    def _drawn(self, count: int, seed: int, maker: Path | None) -> Generator[Card, None, None]:
        with self.models.use(self.model) as backbone:
            yield from drawn(backbone, maker_of(backbone, maker), count, seed)

    def save_character(
        self, card: Card, name: str, *, source: str = "", note: str = "", replace: bool = False
    ) -> Kept:
        """Keep a character, so that `@name` stands for it in prompts.

        Raises:
            OptionError: the name is none, or it is taken.
        """
        data, about = card.to_bytes(), card.about
        digest = hashlib.sha256(data).hexdigest()
        learnt = Learnt(
            by=CHARACTERS, model=about.base, model_sha256=about.model_sha256, sha256=digest
        )
        return self.library.save(
            name,
            card.portrait,
            source=source or f"a character {about.made}",
            source_sha256=hashlib.sha256(png_bytes(card.portrait)).hexdigest(),
            role="character",
            licence=about.licence,
            note=note,
            replace=replace,
            learnt=learnt,
            prompt=data,
        )

    def character(self, name: str) -> Card:
        """The card of a saved character.

        Raises:
            PictureError: nothing is saved so. OptionError: what is saved so is no character.
        """
        path = self.library.prompt(name)
        if path is None or not is_card(path):
            kept = name_of(name)
            self.library.get(kept)
            raise OptionError(f"@{kept} is no character; `lookalike characters list` lists them")
        return read_card(path)

    def blend_characters(
        self,
        one: str,
        other: str,
        share: float = 0.5,
        *,
        maker: str | os.PathLike[str] | None = None,
    ) -> Card:
        """A character between two saved ones: `share` of the second, the rest of the first.

        Raises:
            OptionError: the share is not in 0 to 1. ModelError: they are not of one generator.
        """
        cards = [(name_of(name), self.character(name)) for name in (one, other)]
        with self.models.use(self.model) as backbone:
            for name, card in cards:
                card.require(backbone, name)
            return blended(backbone, maker_of(backbone, _folder(maker)), cards, share)


def _folder(maker: str | os.PathLike[str] | None) -> Path | None:
    return None if maker is None else Path(maker)
