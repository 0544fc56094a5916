"""The part of a Session that makes characters: drawn, saved under names, blended, passed on."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from pathlib import Path

from PIL.Image import Image

from lookalike.characters.contexts import Context, shown
from lookalike.characters.drawing import blended, check_count, drawn
from lookalike.characters.keeping import keep, kept_card
from lookalike.characters.passing import export_embedding, import_character
from lookalike.core.library import Kept, Library, name_of
from lookalike.core.records import Recipe, Settings
from lookalike.engine.plan import draw_seeds
from lookalike.models.card import Card
from lookalike.models.maker import maker_of
from lookalike.models.store import Models
from lookalike.session.portraits import portrait_recipe


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
        settings: Settings | None = None,
    ) -> list[Card]:
        """New characters, each with a portrait; the same for the same seed.

        Of `settings`, portraits take steps, guidance and size.
        """
        work = self.start_new_characters(count, seed=seed, maker=maker, settings=settings)
        return list(work)

    def start_new_characters(
        self,
        count: int = 8,
        *,
        seed: int | None = None,
        maker: str | os.PathLike[str] | None = None,
        settings: Settings | None = None,
    ) -> Generator[Card, None, None]:
        """The same, one after the other."""
        check_count(count)
        [chosen] = draw_seeds(seed, 1)
        return self._drawn(count, chosen, _folder(maker), settings)

    def _drawn(
        self, count: int, seed: int, maker: Path | None, settings: Settings | None
    ) -> Generator[Card, None, None]:
        with self.models.use(self.model) as backbone:
            yield from drawn(backbone, maker_of(backbone, maker), count, seed, settings)

    def portrait_recipe(self, card: Card) -> Recipe:
        """What makes the portrait of a new character again, to be saved with it."""
        return portrait_recipe(card, self.model)

    def save_character(
        self, card: Card, name: str, *, source: str = "", note: str = "", replace: bool = False
    ) -> Kept:
        """Keep a character, so that `@name` stands for it in prompts.

        Raises:
            OptionError: the name is none, or it is taken.
        """
        return keep(self.library, card, name, source=source, note=note, replace=replace)

    def character(self, name: str) -> Card:
        """The card of a saved character.

        Raises:
            PictureError: nothing is saved so. OptionError: what is saved so is no character.
        """
        return kept_card(self.library, name)

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

    def show_character(
        self,
        name: str,
        contexts: Sequence[Context],
        *,
        settings: Settings | None = None,
        seed: int | None = None,
    ) -> Generator[Image, None, None]:
        """A saved character in each of several contexts, one picture after the other."""
        card = self.character(name)
        [chosen] = draw_seeds(seed, 1)
        with self.models.use(self.model) as backbone:
            card.require(backbone, name_of(name))
            yield from shown(backbone, card.words, contexts, settings or Settings(), chosen)

    def import_character(self, path: str | os.PathLike[str]) -> Card:
        """The character of a card or of a textual-inversion embedding for this model.

        Raises:
            ModelError: the file holds none, it is damaged, or for another text encoder.
        """
        with self.models.use(self.model) as backbone:
            return import_character(backbone, Path(path))

    def export_character(self, name: str, path: str | os.PathLike[str]) -> None:
        """Write a saved character as a textual-inversion embedding, a new file."""
        export_embedding(self.character(name), name_of(name), Path(path))


def _folder(maker: str | os.PathLike[str] | None) -> Path | None:
    return None if maker is None else Path(maker)
