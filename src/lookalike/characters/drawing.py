"""New characters: drawn from a generator, blended of two, each with its portrait, on a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from PIL.Image import Image
from torch import Tensor

from lookalike.core.errors import ModelError, OptionError
from lookalike.core.files import building
from lookalike.core.pictures import save_picture, sheet
from lookalike.core.records import Settings
from lookalike.engine.rows import sampled
from lookalike.models.backbone import Backbone
from lookalike.models.card import About, Card, read_card
from lookalike.models.maker import Maker, drawn_places
from lookalike.models.named import Words, embed_named

PORTRAIT = Settings(count=1, steps=25)
SEED = 0
"""Of all portraits: what differs between them is the character alone."""

STEM = "characters"
PAGE, CARD = "sheet.png", ".safetensors"
COLUMNS = 4
MOST = 100


def drawn(
    backbone: Backbone, maker: Maker, count: int, seed: int, settings: Settings | None = None
) -> Iterator[Card]:
    """New characters, the same for the same seed, one after the other."""
    maker.require(backbone)
    for number, place in enumerate(drawn_places(count, seed, maker.about.shape.z), start=1):
        yield _numbered(backbone, maker, place, seed, number, settings)


def drawn_again(
    backbone: Backbone, maker: Maker, seed: int, number: int, settings: Settings | None = None
) -> Card:
    """The character of a number on the sheet of a seed, without those before it."""
    maker.require(backbone)
    check_count(number)
    *_, place = drawn_places(number, seed, maker.about.shape.z)
    return _numbered(backbone, maker, place, seed, number, settings)


def _numbered(
    backbone: Backbone,
    maker: Maker,
    place: Float[Tensor, " z"],
    seed: int,
    number: int,
    settings: Settings | None,
) -> Card:
    about = _about(backbone, maker, "drawn")
    about = about.model_copy(update={"seed": seed, "number": number})
    [place] = maker.settled(place[None])
    return _made(backbone, maker, place, about, settings)


def check_count(count: int) -> None:
    """Raise `OptionError` unless a sheet can have so many characters."""
    if not 1 <= count <= MOST:
        raise OptionError(f"a sheet has 1 to {MOST} characters, not {count}")


def blended(
    backbone: Backbone,
    maker: Maker,
    cards: Sequence[tuple[str, Card]],
    share: float,
    settings: Settings | None = None,
) -> Card:
    """A character between two of one generator: `share` of the second, the rest of the first.

    Raises:
        OptionError: the share is not in 0 to 1. ModelError: they are not of this one generator.
    """
    if not 0 <= share <= 1:
        raise OptionError(f"a blend takes a share from 0 to 1 of the second, not {share:g}")
    for name, card in cards:
        card.require(backbone, name)
        _check_of(maker, name, card)
    (one, first), (other, second) = cards
    assert first.place is not None  # as was checked
    assert second.place is not None
    shares = {one: round(1 - share, 6), other: round(share, 6)} if one != other else {one: 1.0}
    about = _about(backbone, maker, "blended").model_copy(update={"of": shares})
    place = between(first.place, second.place, share)
    if 0 < share < 1:
        [place] = maker.settled(place[None])
    return _made(backbone, maker, place, about, settings)


def _check_of(maker: Maker, name: str, card: Card) -> None:
    if card.place is None:
        raise ModelError(f"@{name} was imported, and has no place in a generator to blend from")
    if card.about.maker != maker.sha256:
        raise ModelError(
            f"@{name} was made by another generator ({card.about.maker[:8]}…) than this one "
            f"({maker.sha256[:8]}…); only characters of one generator can be blended"
        )


def between(
    one: Float[Tensor, " z"], other: Float[Tensor, " z"], share: float
) -> Float[Tensor, " z"]:
    """On the arc from one place to another: a straight line would lead through rare places."""
    lengths = one.norm() * (1 - share) + other.norm() * share
    angle = torch.acos(torch.cosine_similarity(one, other, dim=0).clamp(-1, 1))
    if float(angle.sin()) < 1e-4:
        return one * (1 - share) + other * share
    a, b = one / one.norm(), other / other.norm()
    return (
        lengths * (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / angle.sin()
    )


def portrait(
    backbone: Backbone, words: Words, prompt: str, settings: Settings | None = None
) -> Image:
    """A character's portrait; `prompt` has @it for it."""
    with torch.no_grad():
        told = embed_named(backbone, [prompt], {"it": words})
        return sampled(backbone, told, settings or PORTRAIT, [SEED])[0]


def _about(backbone: Backbone, maker: Maker, made: str) -> About:
    return About.model_validate(
        {
            "base": backbone.name,
            "space": backbone.space,
            "model_sha256": backbone.sha256,
            "made": made,
            "maker": maker.sha256,
            "portrait": maker.about.portrait,
            "licence": maker.about.licence,
        }
    )


def _made(
    backbone: Backbone,
    maker: Maker,
    place: Float[Tensor, " z"],
    about: About,
    settings: Settings | None,
) -> Card:
    [words] = maker.words(place[None])
    chosen = settings or PORTRAIT
    face = portrait(backbone, words, about.portrait, chosen)
    how = {
        "steps": chosen.steps,
        "pixels": chosen.pixels,
        "guidance": chosen.guided(backbone.guidance),
    }
    return Card(words, place, face, about.model_copy(update=how))


def save_sheet(cards: Sequence[Card], folder: Path) -> None:
    """Write a new folder: each card under its number, and a page that shows them all."""
    faces = [card.portrait for card in cards]
    labels = [str(number + 1) for number in range(len(cards))]
    with building(folder) as work:
        for label, card in zip(labels, cards, strict=True):
            card.save(work / f"{label}{CARD}")
        save_picture(sheet(faces, min(COLUMNS, len(faces)), labels=labels), work / PAGE)


def last_sheet(out: Path) -> Path:
    """The sheet that was drawn last into a folder.

    Raises:
        OptionError: there is none.
    """
    found = [each for each in out.glob(f"{STEM}-*") if (each / PAGE).is_file()]
    if not found:
        raise OptionError(
            f"there is no sheet of characters in {out}; `lookalike characters new` draws one"
        )
    return max(found)


def numbered_card(folder: Path, number: int) -> Card:
    """The card of a number on a sheet.

    Raises:
        OptionError: the sheet has no such number, or the folder is no sheet. ModelError: the card
            is damaged.
    """
    if not (folder / PAGE).is_file():
        raise OptionError(
            f"{folder} is no sheet of characters; `lookalike characters new` draws one"
        )
    path = folder / f"{number}{CARD}"
    if not path.is_file():
        there = sorted(int(p.stem) for p in folder.glob(f"*{CARD}") if p.stem.isdecimal())
        known = f"it has {there[0]} to {there[-1]}" if there else "it has none"
        raise OptionError(f"there is no number {number} on {folder}; {known}")
    return read_card(path)
