"""The studio's door: a request with pictures and words leaves it as a job, or is refused."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TypeVar

from pydantic import TypeAdapter

from lookalike.core.errors import OptionError, PictureError
from lookalike.core.records import Prompt, Reference, Settings
from lookalike.models.backbone import Backbone
from lookalike.session.prompts import SEEDS, asked, with_model
from lookalike.session.source import open_source
from lookalike.studio.jobs.queue import Asked
from lookalike.studio.requests import Imagine, Methodical, Pan, Request, Story, Vary, Zoom
from lookalike.studio.sessions import Sessions, at_work
from lookalike.studio.shelf import Shelf
from lookalike.studio.verbs import VERBS, Verb

R = TypeVar("R", bound=Request)

MOST_MADE = 16_000_000
"""Pixels of all pictures of one job: what memory bears of a model that knows no limit itself."""

TIMES: Mapping[str, int] = {"cpu": 4}
TIMES_ELSEWHERE = 8
"""So many times the side that a model was trained at: more takes minutes a step."""

_WORDS = {"kind", "start", "text_frame", "word"}
"""Options of methods that are words; whatever else can be text names a file of this machine."""


def accepted(name: str, request: Request, sessions: Sessions, shelf: Shelf) -> Asked:
    """A request as a job to be: pictures on the shelf, words read, everything that can be checked.

    Raises:
        LookalikeError: something in it is wrong; nothing is loaded or made before that is known.
    """
    verb, notes = VERBS[name], list[str]()
    with at_work(shelf, notes):
        whole = _with_words(_with_pictures(request, shelf), sessions.model, shelf)
        chosen = settings_of(whole)
        _check_settings(chosen)
        _check_options(name, whole)
        _check_canvas(whole, shelf)
        model = sessions.allowed(with_model(chosen, sessions.model).model)
        seeded = _seeded(whole, verb)
        # Begun and left: all that a session refuses it refuses now.
        session = sessions.of(model)
        if chosen.pixels is not None:
            check_size(session.models.at_hand(model), chosen)
        verb.start(session, seeded).close()
    kept = seeded.model_dump(mode="json", exclude_unset=True)
    return Asked(name, kept, model, tuple(dict.fromkeys(notes)))


def revived(verb: Verb, kept: Mapping[str, object]) -> Request:
    """A request as it was kept."""
    return TypeAdapter(verb.request).validate_python(kept)


def _with_pictures(request: R, shelf: Shelf) -> R:
    return request.model_copy(update=request.with_pictures(shelf.take))


def _with_words(request: Request, model: str, shelf: Shelf) -> Request:
    """Texts read into prompts, which hold their settings, and whose pictures are on the shelf."""
    if isinstance(request, Imagine):
        prompt = asked(request.prompt, request.settings, model, strict=request.strict)
        return request.model_copy(update={"prompt": _shelved(prompt, shelf), "settings": None})
    if isinstance(request, Story):
        prompts = [asked(one, request.settings, model) for one in request.prompts]
        read = tuple(_shelved(one, shelf) for one in prompts)
        return request.model_copy(update={"prompts": read, "settings": None})
    return request


def _shelved(prompt: Prompt, shelf: Shelf) -> Prompt:
    moved = tuple(_moved(one, shelf) for one in prompt.references)
    return prompt.model_copy(update={"references": moved})


def _moved(reference: Reference, shelf: Shelf) -> Reference:
    if reference.code is not None:
        return reference
    return reference.model_copy(update={"source": shelf.take(reference.source)})


def settings_of(request: Request) -> Settings:
    """How a request is to be made."""
    prompt = _first(request)
    return (request.settings if prompt is None else prompt.settings) or Settings()


def _first(request: Request) -> Prompt | None:
    said = request.prompt if isinstance(request, Imagine) else None
    said = request.prompts[0] if isinstance(request, Story) else said
    return said if isinstance(said, Prompt) else None


def check_size(backbone: Backbone | None, chosen: Settings) -> None:
    """Raise `OptionError` for a size that leaves a model's by far, as soon as that is loaded.

    Attention's work grows with the square of the area, and what comes of it is no picture.
    """
    if backbone is None or chosen.pixels is None:
        return
    most = backbone.pixels * TIMES.get(backbone.device.type, TIMES_ELSEWHERE)
    if chosen.pixels > most:
        raise OptionError(
            f"{chosen.pixels} x {chosen.pixels} pixels are too many for {backbone.name}, which "
            f"knows {backbone.pixels}: here it makes at most {most}"
        )


def _check_settings(chosen: Settings) -> None:
    if chosen.adapter is not None or chosen.adapter_encoder is not None:
        raise OptionError(
            "adapters are files of the machine that the studio runs on; not from here"
        )
    pixels = chosen.count * (chosen.pixels or 0) ** 2
    if pixels > MOST_MADE:
        raise OptionError(
            f"{chosen.count} pictures of {chosen.pixels} x {chosen.pixels} pixels are too much for "
            f"one job: at most {MOST_MADE // 1_000_000} megapixels are made at once"
        )


def _check_canvas(request: Request, shelf: Shelf) -> None:
    """A picture that is filled in keeps its size, which must not be more than is made at once."""
    filled = isinstance(request, Zoom | Pan) or (
        isinstance(request, Vary) and (request.mask is not None or request.region is not None)
    )
    if not filled or not isinstance(request, Vary | Zoom | Pan):
        return
    width, height = open_source(request.picture).picture.size
    if width * height * settings_of(request).count > MOST_MADE:
        raise PictureError(
            f"a picture of {width} x {height} is too large to fill in "
            f"{settings_of(request).count} times; at most {MOST_MADE // 1_000_000} megapixels are "
            "made at once"
        )


def _check_options(name: str, request: Request) -> None:
    if not isinstance(request, Methodical):
        return
    for option, value in request.options.items():
        if (
            isinstance(value, str)
            and option not in _WORDS
            and not _is_choice(name, request, option)
        ):
            raise OptionError(
                f"the option {option} names a file of the machine that the studio runs on; "
                "not from here"
            )


def _is_choice(name: str, request: Methodical, option: str) -> bool:
    """Whether an option is one of a few words, as far as its method knows it at all."""
    from typing import Literal, get_origin

    from lookalike.convert import converters
    from lookalike.describe import describers
    from lookalike.describe.usual import USUAL

    registry = describers if name == "describe" else converters
    field = registry.get(request.by or USUAL).model_fields.get(option)
    return field is None or get_origin(field.annotation) is Literal


def _seeded(request: R, verb: Verb) -> R:
    """The request with a seed, drawn by the system where it names none."""
    chosen = settings_of(request)
    if not verb.seeded or chosen.seed is not None:
        return request
    settled = chosen.model_copy(update={"seed": secrets.randbelow(SEEDS)})
    if isinstance(request, Imagine) and isinstance(request.prompt, Prompt):
        said = request.prompt.model_copy(update={"settings": settled})
        return request.model_copy(update={"prompt": said})
    if isinstance(request, Story):
        first, *others = [one for one in request.prompts if isinstance(one, Prompt)]
        first = first.model_copy(update={"settings": settled})
        return request.model_copy(update={"prompts": (first, *others)})
    return request.model_copy(update={"settings": settled})
