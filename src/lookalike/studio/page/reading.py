"""What the page asks while somebody types: what a prompt says, and what may be said."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import Field

from lookalike.core.errors import LookalikeError, OptionError, PromptError, RecipeError
from lookalike.core.language import expand, parameters, write
from lookalike.core.language.parameters import Kind, Parameter
from lookalike.core.language.values import expected
from lookalike.core.png import recipe_in
from lookalike.core.presets import Preset, presets
from lookalike.core.record import Record
from lookalike.core.records import Prompt, Recipe, Reference, Settings
from lookalike.session.prompts import MOST_REFERENCES, asked, every
from lookalike.studio.faults import fault_of
from lookalike.studio.records import Fault
from lookalike.studio.requests import Picture, Words
from lookalike.studio.sessions import at_work
from lookalike.studio.shelf import MARK
from lookalike.studio.studio import Studio


class Line(Record):
    """A prompt as it stands in the page: its text, and what was chosen beside it."""

    text: Words | Prompt = Field(description="A text in the prompt language, or a prompt.")
    references: tuple[Reference, ...] = Field(
        default=(), max_length=MOST_REFERENCES, description="Further pictures, with their weights."
    )
    settings: Settings | None = Field(default=None, description="In place of the text's own.")


class Place(Record):
    """A piece of a text, in characters."""

    start: int = Field(description="Its first character, from 0.")
    length: int = Field(description="How many characters it has.")


class Reading(Record):
    """What a line says: its prompts, or what is wrong with it."""

    prompts: tuple[Prompt, ...] = Field(default=(), description="A prompt for each choice.")
    text: str = Field(default="", description="The first of them as one line.")
    notes: tuple[str, ...] = Field(default=(), description="What can be read, but is hardly meant.")
    fault: Fault | None = Field(default=None, description="What is wrong.")
    place: Place | None = Field(default=None, description="Where in the text.")


class Help(Record):
    """A parameter of the prompt language, as help shows it."""

    name: str = Field(description="Without its hyphens.")
    aliases: tuple[str, ...] = Field(description="Other names that mean the same.")
    kind: Kind = Field(description="What its value looks like.")
    takes: str = Field(description="The same in words.")
    meaning: str = Field(description="One sentence.")
    choices: tuple[str, ...] = Field(description="All that it may be, where they are few.")
    default: str = Field(description="What holds where it is not written.")


class Choices(Record):
    """All that can be chosen by name."""

    parameters: tuple[Help, ...] = Field(description="Of the prompt language.")
    models: tuple[str, ...] = Field(description="The models at hand.")
    describers: dict[str, str] = Field(
        description="Ways from pictures to prompts, and what each is."
    )
    converters: dict[str, str] = Field(description="The same, to prompt embeddings.")
    presets: tuple[Preset, ...] = Field(description="Wordings for one character in several frames.")


class OfPicture(Record):
    """A picture, as requests name one."""

    picture: Picture


class Found(Record):
    """The recipe that a picture carries."""

    recipe: Recipe = Field(description="All that is needed to make it again.")
    text: str = Field(description="Its prompt as one line.")


def reading(studio: Studio) -> APIRouter:
    """The addresses that read."""
    router = APIRouter(prefix="/v1", tags=["reading"])

    @router.post("/read", summary="What a prompt says, or where it is wrong.")
    def read(line: Line) -> Reading:
        return _read(studio, line)

    @router.get("/choices", summary="What can be chosen by name.")
    def choices() -> Choices:
        return _choices(studio)

    @router.post("/recipe", summary="The recipe that a picture carries.")
    def recipe(asked: OfPicture) -> Found:
        mark = studio.shelf.take(asked.picture)
        if not mark.startswith(MARK):
            raise OptionError("recipes are read from uploads and results, not from saved names")
        found = recipe_in(studio.shelf.picture(mark).read_bytes())
        if found is None:
            raise RecipeError("this picture carries no recipe; pictures made here carry theirs")
        return Found(recipe=found, text=_line(found.prompt))

    return router


def _read(studio: Studio, line: Line) -> Reading:
    notes = list[str]()
    try:
        with at_work(studio.shelf, notes):
            prompts = _prompts(line, studio.sessions.model)
        text = write(prompts[0], strict=False)
        for one in prompts[0].references:
            _check_picture(studio, one)
    except LookalikeError as fault:
        return Reading(fault=fault_of(fault), place=_place(fault, line), notes=tuple(notes))
    return Reading(prompts=tuple(prompts), text=text, notes=tuple(dict.fromkeys(notes)))


def _prompts(line: Line, model: str) -> list[Prompt]:
    if isinstance(line.text, str) and (line.text.strip() or not line.references):
        own = every(line.text, line.settings, model, strict=not line.references)
    else:
        said = line.text if isinstance(line.text, Prompt) else Prompt(parts=())
        own = [asked(said, line.settings, model)]
    return [_leaning(one, line.references) for one in own]


def _leaning(prompt: Prompt, references: Sequence[Reference]) -> Prompt:
    """A prompt with further references."""
    # Made anew, so that they are put in the order of their roles.
    return Prompt.model_validate(
        prompt.model_dump() | {"references": [*prompt.references, *references]}
    )


def _check_picture(studio: Studio, reference: Reference) -> None:
    """Raise for a picture that is not there; what is far away is not fetched for this."""
    local = reference.source.startswith((MARK, "@"))
    far = reference.source.lower().startswith(("http://", "https://"))
    if reference.code is None and (local or not far):
        studio.shelf.take(reference.source)


def _place(fault: LookalikeError, line: Line) -> Place | None:
    """Where the text is wrong, as far as the fault speaks of the text itself."""
    if not isinstance(fault, PromptError) or fault.place is None or not isinstance(line.text, str):
        return None
    try:
        whole = expand(line.text) == [line.text]
    except PromptError:
        whole = True  # it is the braces that are wrong
    start, length = fault.place
    inside = bool(line.text.strip()) and start <= len(line.text)
    return Place(start=start, length=length) if whole and inside else None


def _line(prompt: Prompt) -> str:
    try:
        return write(prompt, strict=False)
    except PromptError:
        return prompt.text


def _choices(studio: Studio) -> Choices:
    from lookalike.convert import converters
    from lookalike.describe import describers

    models = [studio.sessions.model, *(one.name for one in studio.sessions.catalogue())]
    return Choices(
        parameters=tuple(map(_help, parameters())),
        models=tuple(dict.fromkeys(models)),
        describers={name: describers.get(name).summary for name in describers.names()},
        converters={name: converters.get(name).summary for name in converters.names()},
        presets=presets(),
    )


def _help(one: Parameter) -> Help:
    default = "" if one.default in (None, "", (), False) else f"{one.default}"
    return Help(
        name=one.name,
        aliases=one.aliases,
        kind=one.kind,
        takes=expected(one),
        meaning=one.meaning,
        choices=one.choices,
        default=default,
    )
