"""The table of verbs: adding one to the studio is one entry here, and one record in `requests`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError, PromptError
from lookalike.core.grids import grid, layout
from lookalike.core.language import write
from lookalike.core.pictures import png_bytes
from lookalike.core.plan import Result
from lookalike.core.records import Description, Prompt, Recipe
from lookalike.engine.run import Progress
from lookalike.models.card import Card
from lookalike.restyle.options import options_of
from lookalike.session import Run, Session
from lookalike.studio import requests as ask
from lookalike.studio.history.keeping import Made
from lookalike.studio.records import Kind
from lookalike.studio.shelf import MARK


@dataclass(frozen=True)
class Verb:
    """What can be asked: its request, how a session begins it, and what is kept of its outcome."""

    request: type[ask.Request]
    start: Callable[[Session, Any], Run[Any]]
    made: Callable[[Any, Any], list[Made]]
    seeded: bool = True
    """Whether a seed is drawn when a job is accepted, so that a second attempt makes the same."""
    paints: bool = False
    """Whether what its steps show are pixels; otherwise they are latents, where it is seeded."""


def _pictures(result: Result, request: ask.Request) -> list[Made]:
    """Each picture with its own recipe, and the grid of them all."""
    del request
    recipe = result.recipe
    text = _said(recipe.prompt) or recipe.made_by
    own = [recipe.model_copy(update={"index": place}) for place in range(len(result.pictures))]
    made = [_made("picture", text, *pair) for pair in zip(result.pictures, own, strict=True)]
    if result.has_grid:
        page = grid(result.pictures)
        whole = recipe.model_copy(update={"tiles": layout(len(result.pictures))})
        made.append(_made("grid", text, page, whole))
    return made


def _made(kind: Kind, text: str, picture: Image, recipe: Recipe) -> Made:
    record, data = recipe.model_dump(mode="json"), png_bytes(picture, recipe)
    return Made(kind, text, data, picture=picture, size=picture.size, record=record)


def _said(prompt: Prompt) -> str:
    """A prompt as people write it; its words alone where the language has no way to say it."""
    try:
        return write(prompt, strict=False)
    except PromptError:
        return prompt.text


def _descriptions(found: Sequence[Sequence[Description]], request: ask.Describe) -> list[Made]:
    return [
        Made("description", one.text, file=_file(picture), record=one.model_dump(mode="json"))
        for picture, each in zip(request.pictures, found, strict=True)
        for one in each
    ]


def _file(picture: str) -> str | None:
    return f"{picture.removeprefix(MARK)}.png" if picture.startswith(MARK) else None


def _embedding(found: Embedding, request: ask.Convert) -> list[Made]:
    about = {"by": request.by, "picture": ", ".join(request.pictures)[:1000]}
    record = {"space": found.space, "rows": len(found), "by": request.by}
    data = found.to_bytes(about=about)
    return [Made("embedding", data=data, ending="safetensors", record=record)]


def _describe(session: Session, asked: ask.Describe) -> Run[Any]:
    return session.start_describe(
        asked.pictures,
        by=asked.by or None,
        count=asked.count,
        options=asked.options,
        verify=asked.verify,
    )


def _convert(session: Session, asked: ask.Convert) -> Run[Any]:
    from lookalike.convert import converters

    converters.make(asked.by, asked.options)  # refused before it waits

    def work() -> Generator[Progress, None, Embedding]:
        yield from ()
        return session.convert(asked.pictures, by=asked.by, options=asked.options)

    return Run(work())


def _imagine(session: Session, asked: ask.Imagine) -> Run[Any]:
    return session.start_imagine(
        asked.prompt,
        settings=asked.settings,
        image=asked.image or None,
        style=asked.style or None,
        character=asked.character or None,
        strict=asked.strict,
    )


def _story(session: Session, asked: ask.Story) -> Run[Any]:
    return session.start_story(
        asked.prompts,
        settings=asked.settings,
        character=asked.character or None,
        style=asked.style or None,
    )


def _vary(session: Session, asked: ask.Vary) -> Run[Any]:
    return session.start_vary(
        asked.picture,
        asked.text,
        strength=asked.strength,
        mask=asked.mask,
        region=asked.region,
        feather=asked.feather,
        settings=asked.settings,
        by=asked.by,
        options=asked.options,
    )


def _edit(session: Session, asked: ask.Edit) -> Run[Any]:
    return session.start_edit(
        asked.picture,
        asked.text,
        balance=asked.balance,
        settings=asked.settings,
        by=asked.by,
        options=asked.options,
    )


def _blend(session: Session, asked: ask.Blend) -> Run[Any]:
    return session.start_blend(
        asked.pictures,
        weights=asked.weights,
        settings=asked.settings,
        by=asked.by,
        options=asked.options,
    )


def _remix(session: Session, asked: ask.Remix) -> Run[Any]:
    return session.start_remix(
        asked.picture, asked.text, strength=asked.strength, settings=asked.settings
    )


def _zoom(session: Session, asked: ask.Zoom) -> Run[Any]:
    return session.start_zoom(
        asked.picture,
        asked.factor,
        asked.text,
        feather=asked.feather,
        settings=asked.settings,
        by=asked.by,
        options=asked.options,
    )


def _pan(session: Session, asked: ask.Pan) -> Run[Any]:
    return session.start_pan(
        asked.picture,
        asked.direction,
        asked.text,
        share=asked.share,
        feather=asked.feather,
        settings=asked.settings,
        by=asked.by,
        options=asked.options,
    )


def _restyle(session: Session, asked: ask.Restyle) -> Run[Any]:
    if asked.settings is not None and asked.settings.model_fields_set - {"model"}:
        raise OptionError("restyle samples nothing, and has no settings; it has options")
    chosen = options_of(asked.preset, asked.options)
    if chosen.size > ask.MOST_PAINTED:
        raise OptionError(
            f"size = {chosen.size}: the studio paints {ask.MOST_PAINTED} pixels a side at most; "
            "`lookalike restyle` paints larger ones"
        )
    return session.start_restyle(
        asked.picture,
        asked.styles,
        weights=asked.weights,
        masks=asked.masks,
        preset=asked.preset,
        options=asked.options,
    )


Drawn = tuple[Card, Recipe]


def _characters(session: Session, asked: ask.Characters) -> Run[Any]:
    from lookalike.restyle.pixels import tensor

    seed = None if asked.settings is None else asked.settings.seed

    def work() -> Generator[Progress, None, list[Drawn]]:
        cards: list[Card] = []
        for card in session.start_new_characters(asked.count, seed=seed):
            cards.append(card)
            so_far = tensor(grid([one.portrait for one in cards]))
            yield Progress(len(cards), asked.count, so_far)
        return [(card, session.portrait_recipe(card)) for card in cards]

    return Run(work())


def _cards(drawn: Sequence[Drawn], request: ask.Characters) -> list[Made]:
    """Each character's card, and its portrait as a picture of its own."""
    del request
    return [made for card, recipe in drawn for made in _card(card, recipe)]


def _card(card: Card, recipe: Recipe) -> tuple[Made, Made]:
    about, shown, face = card.about, card.portrait, png_bytes(card.portrait, recipe)
    text = f"character {about.number} of seed {about.seed}: {about.portrait}"
    own, record = recipe.model_dump(mode="json"), about.model_dump(mode="json")
    size, ending = shown.size, "safetensors"
    return (
        Made("picture", text, face, picture=shown, size=size, record=own),
        Made("character", text, card.to_bytes(), ending, picture=shown, size=size, record=record),
    )


VERBS: Mapping[str, Verb] = {
    "describe": Verb(ask.Describe, _describe, _descriptions, seeded=False),
    "convert": Verb(ask.Convert, _convert, _embedding, seeded=False),
    "imagine": Verb(ask.Imagine, _imagine, _pictures),
    "story": Verb(ask.Story, _story, _pictures),
    "vary": Verb(ask.Vary, _vary, _pictures),
    "edit": Verb(ask.Edit, _edit, _pictures),
    "blend": Verb(ask.Blend, _blend, _pictures),
    "remix": Verb(ask.Remix, _remix, _pictures, seeded=False),
    "zoom": Verb(ask.Zoom, _zoom, _pictures),
    "pan": Verb(ask.Pan, _pan, _pictures),
    "restyle": Verb(ask.Restyle, _restyle, _pictures, seeded=False, paints=True),
    "characters": Verb(ask.Characters, _characters, _cards, paints=True),
}
